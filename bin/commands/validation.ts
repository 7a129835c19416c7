import type { Command } from 'commander';
import { openClock } from '../../app/clock/embedded.ts';
import type { EventType } from '../../app/usecases/event.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { checkFile, type LineVerdict } from '../../app/validation/check-file.ts';
import { validationError } from '../../app/validation/errors.ts';
import { faultText } from '../../app/validation/fault.ts';
import { loadProfile, profileKey } from '../../app/validation/profile-store.ts';
import { profileText } from '../../app/validation/profile-text.ts';
import { rebuildProfile } from '../../app/validation/rebuild-profile.ts';
import type { CommandContext } from '../command.ts';

/** Refused lines that an answer lists; the rest are counted. */
const MAX_LISTED = 1000;

/** `millrace validation …`: what the door would say, and what events usually look like. */
export function validationCommands(program: Command, context: CommandContext): void {
  const validation = program.command('validation').description('The rules of events, and reference profiles');

  validation
    .command('check <file>')
    .description('Say for each event of a JSON lines file whether the door would admit it; exit 1 if any would be refused')
    .option('--event <name>', 'event of the use case; its first one by default')
    .action(async (file: string, flags: { readonly event?: string }) => {
      const usecase = await context.usecase();
      const event = eventOf(usecase, flags.event);
      const refused: LineVerdict[] = [];
      const count = { events: 0, admitted: 0, refused: 0 };
      for await (const verdict of checkFile(file, event, openClock(context.options().data))) {
        count.events += 1;
        if (verdict.faults.length === 0) count.admitted += 1;
        else {
          count.refused += 1;
          if (refused.length < MAX_LISTED) refused.push(verdict);
        }
      }
      const lines = refused.flatMap(({ line, faults }) => faults.map((fault) => `${file}:${line}: ${faultText(fault)}`));
      const summary = `${count.events} events of ${usecase.name}.${event.name}: ${count.admitted} admitted, ${count.refused} refused`;
      const more = count.refused > refused.length ? [`… and ${count.refused - refused.length} more lines`] : [];
      context.answer({ ...count, lines: refused }, [...lines, ...more, summary].join('\n'));
      if (count.refused > 0) process.exitCode = 1;
    });

  const profile = validation.command('profile').description('The reference profile that batches are compared with');
  profile
    .command('show')
    .description('Print the stored profile')
    .option('--event <name>', 'event of the use case; its first one by default')
    .action(async (flags: { readonly event?: string }) => {
      const usecase = await context.usecase();
      const event = eventOf(usecase, flags.event);
      const runtime = await context.open();
      const stored = await loadProfile(await runtime.use('objects'), usecase, event);
      if (stored === undefined) {
        const key = profileKey(usecase, event);
        throw validationError('MR_VALIDATION_PROFILE_MISSING', `There is no ${key}`, { field: 'event', value: event.name });
      }
      context.answer(stored, profileText(stored));
    });
  profile
    .command('rebuild')
    .description('Make the profile from the newest rows of the lake and store it')
    .option('--event <name>', 'event of the use case; its first one by default')
    .option('--rows <number>', 'newest rows to make it from', '50000')
    .action(async (flags: { readonly event?: string; readonly rows: string }) => {
      const usecase = await context.usecase();
      const event = eventOf(usecase, flags.event);
      const rows = rowsOf(flags.rows);
      const runtime = await context.open();
      const [lake, objects] = await Promise.all([runtime.use('lake'), runtime.use('objects')]);
      const made = await rebuildProfile({ usecase, event, lake, objects, rows });
      context.answer(made, profileText(made));
    });
}

function eventOf(usecase: UseCase, name: string | undefined): EventType {
  const event = name === undefined ? usecase.events[0] : usecase.events.find((candidate) => candidate.name === name);
  if (event !== undefined) return event;
  throw validationError('MR_VALIDATION_EVENT_UNKNOWN', `${usecase.name} has no event '${name}'`, {
    field: '--event',
    value: name,
    expected: `one of ${usecase.events.map((candidate) => candidate.name).join(', ')}`,
  });
}

function rowsOf(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw validationError('MR_VALIDATION_ROWS_INVALID', `--rows is '${text}'`, {
    field: '--rows',
    value: text,
    expected: 'a whole number from 1 to 99999999',
  });
}
