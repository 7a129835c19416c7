import type { Command } from 'commander';
import { errorTable } from '../../app/errors.ts';
import { loadUseCase, useCaseNames } from '../../app/usecases/load.ts';
import { checkLoad } from '../../constructs/capacity/load.ts';
import { planText } from '../../constructs/capacity/text.ts';
import { type Bounds, DEFAULT_LOAD, type Load, planCapacity } from '../../constructs/capacity.ts';
import type { CommandContext } from '../command.ts';

const errors = errorTable({
  MR_CLI_TARGET_UNKNOWN: { status: 400, title: 'There is no such target', next: 'See `millrace plan --help`.' },
});

interface Flags extends Readonly<Record<keyof Load, string>> {
  readonly target: string;
  readonly highAvailability: boolean;
}

const FLAGS: Readonly<Record<keyof Load, string>> = {
  dailyUsers: '--daily-users',
  eventsPerUser: '--events-per-user',
  peakFactor: '--peak-factor',
  retentionDays: '--retention-days',
};

/** `millrace plan`: what a load needs and costs, each figure with its reasoning. Needs no data folder. */
export function planCommands(program: Command, context: CommandContext): void {
  const { dailyUsers, eventsPerUser, peakFactor, retentionDays } = DEFAULT_LOAD;
  program
    .command('plan')
    .description('Derive partitions, replicas, memory, nodes and monthly cost from a load; of all use cases, or of --usecase')
    .option(`${FLAGS.dailyUsers} <n>`, 'different users in a day', String(dailyUsers))
    .option(`${FLAGS.eventsPerUser} <n>`, 'events that a user sends in a day', String(eventsPerUser))
    .option(`${FLAGS.peakFactor} <n>`, 'the busiest second as a multiple of the average one', String(peakFactor))
    .option(`${FLAGS.retentionDays} <n>`, 'days that the event log keeps its records', String(retentionDays))
    .option('--target <name>', 'kubernetes or aws', 'kubernetes')
    .option('--no-high-availability', 'plan for an environment that may go down with a node')
    .action(async (flags: Flags) => {
      const load = checkLoad(
        Object.fromEntries(Object.keys(FLAGS).map((dial) => [dial, numberIn(flags[dial as keyof Load])])) as Record<
          keyof Load,
          unknown
        >,
        (dial) => FLAGS[dial],
      );
      const named = program.getOptionValueSource('usecase') !== 'default';
      const names = named ? [context.options().usecase] : await useCaseNames();
      const usecases = await Promise.all(names.map(loadUseCase));
      const plan = planCapacity(usecases, load, { target: targetOf(flags.target), highAvailability: flags.highAvailability });
      context.answer(plan, planText(plan));
    });
}

/** The number that a text is, or the text itself for the refusal to show. */
const numberIn = (text: string): number | string => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);

function targetOf(text: string): Bounds['target'] {
  if (text === 'kubernetes' || text === 'aws') return text;
  throw errors.error('MR_CLI_TARGET_UNKNOWN', `'${text}' is not a target`, {
    field: '--target',
    value: text,
    expected: 'kubernetes or aws',
  });
}
