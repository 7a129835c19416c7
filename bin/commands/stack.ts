import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { actOn } from '../../constructs/act.ts';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { preflight } from '../../constructs/preflight.ts';
import { openStack, POLICY_PACK, told } from '../../stacks/engine.ts';
import type { CommandContext } from '../command.ts';

const shown = (output: string): void => {
  process.stdout.write(output);
};

interface Ground {
  readonly foundation?: boolean;
}

interface ActFlags {
  readonly as: string;
  readonly subjectFile?: string;
}

type Changes = Readonly<Record<string, number>>;

const summary = (changes: Changes | undefined): string =>
  Object.entries(changes ?? {})
    .map(([change, count]) => `${count} ${change}`)
    .join(', ') || 'nothing to do';

/** `millrace stack …`: an environment through the Pulumi engine, judged by the policy pack, without an account. */
export function stackCommands(program: Command, context: CommandContext): void {
  const stack = program.command('stack').description('Preview, stand up or take down an environment');
  const policyPacks = existsSync(POLICY_PACK) ? [POLICY_PACK] : [];
  const open = async (environment: string, { foundation = false }: Ground, needsCluster = true) => {
    const dials = await readDials(environment);
    const usecases = await loadUseCases();
    if (needsCluster) await preflight(dials, { usecases, foundation });
    return openStack(dials, usecases, { foundation });
  };
  const verb = (name: string, description: string) =>
    stack
      .command(`${name} <environment>`)
      .description(description)
      .option('--foundation', "the environment's foundation alone, in a stack of its own");
  const quiet = () => (context.options().json === true ? {} : { onOutput: shown });

  verb('preview', 'show what would change, and what the policy pack says of it; changes nothing').action(
    async (environment: string, ground: Ground) => {
      const { changeSummary } = await told('The preview', (await open(environment, ground)).preview({ policyPacks, ...quiet() }));
      context.answer({ environment, changes: changeSummary }, `${environment}: ${summary(changeSummary)}`);
    },
  );
  verb('up', 'stand the environment up, or bring it to what the code says').action(
    async (environment: string, ground: Ground) => {
      const { summary: done, outputs } = await told(
        'The update',
        (await open(environment, ground)).up({ policyPacks, ...quiet() }),
      );
      context.answer(
        { environment, changes: done.resourceChanges, endpoints: outputs['endpoints']?.value },
        `${environment}: ${summary(done.resourceChanges)}`,
      );
    },
  );
  verb('refresh', 'compare with what is there, and say what somebody changed by hand; changes nothing').action(
    async (environment: string, ground: Ground) => {
      const { changeSummary } = await told('The comparison', (await open(environment, ground)).previewRefresh({ ...quiet() }));
      context.answer({ environment, changes: changeSummary }, `${environment}: ${summary(changeSummary)}`);
    },
  );
  verb('destroy', 'take the environment down').action(async (environment: string, ground: Ground) => {
    const { summary: done } = await told('The end', (await open(environment, ground)).destroy({ ...quiet() }));
    context.answer({ environment, changes: done.resourceChanges }, `${environment}: ${summary(done.resourceChanges)}`);
  });
  stack
    .command('act <environment> [words...]')
    .description('do on its cluster what people do: erase a person, approve, promote, roll back, revoke; the words go after --')
    .requiredOption('--as <name>', 'who acts; for an erasure a role, no name')
    .option('--subject-file <file>', 'whom to erase, in a file of one line; /dev/stdin asks for it')
    .action(async (environment: string, words: readonly string[], { as, subjectFile }: ActFlags) => {
      const subject = subjectFile === undefined ? {} : { subject: (await readFile(subjectFile, 'utf8')).replace(/\r?\n$/, '') };
      const begun = (run: string) => void process.stderr.write(`${run} has begun\n`);
      const done = await actOn(await readDials(environment), await context.usecase(), { words, as, ...subject }, begun);
      context.answer(done, done.log.trimEnd());
      process.exitCode = done.exitCode;
    });
  verb('cancel', 'let the next run in after one that was killed; what it had begun is found out and gone on with').action(
    async (environment: string, ground: Ground) => {
      const opened = await open(environment, ground, false);
      await told('The release of the lock', opened.cancel());
      context.answer({ environment, cancelled: true }, `${environment}: unlocked; now run up again`);
    },
  );
}
