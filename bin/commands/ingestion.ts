import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { MillraceError } from '../../app/errors.ts';
import { TOKENS } from '../../app/governance/tokens.ts';
import { type Intake, openIntake } from '../../app/ingestion/intake.ts';
import { writeManifest } from '../../app/ingestion/manifest.ts';
import { remoteIntake, runningCollector } from '../../app/ingestion/running.ts';
import { lettersText, replayText, statusText, uploadText } from '../../app/ingestion/text.ts';
import { upload } from '../../app/ingestion/upload.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

const MAX_LETTERS = 1000;

interface OfEvent {
  readonly event?: string;
}

function letters(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > MAX_LETTERS)
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_LETTERS}.`);
  return Number(text);
}

/** `millrace ingestion …`: what the log holds, what was refused, and files that come in. */
export function ingestionCommands(program: Command, context: CommandContext): void {
  const ingestion = program.command('ingestion').description('The event log, dead letters and uploads');
  const eventOf = async (named: string | undefined) => named ?? (await context.usecase()).events[0]?.name ?? '';

  untilTold(ingestion.command('collect').description('Take events in over HTTP, until told to stop'), context, async (place) =>
    (await import('../../pipelines/workloads/collector.ts')).startCollecting({ ...place, usecase: await context.usecase() }),
  );

  ingestion
    .command('status')
    .description('Topics and what they hold; dead letters that wait for a replay')
    .action(async () => {
      const status = await withIntake(context, (intake) => intake.status());
      context.answer(status, statusText(status));
    });

  ingestion
    .command('dead')
    .description('List refused events, newest first: field, value, expectation and reason, never the event itself')
    .option('--event <name>', 'event of the use case; its first one by default')
    .option('--limit <letters>', 'most letters listed', letters, 20)
    .action(async (flags: OfEvent & { readonly limit: number }) => {
      const event = await eventOf(flags.event);
      const found = await withIntake(context, (intake) => intake.letters(event, flags.limit));
      context.answer(found, lettersText(found));
    });

  ingestion
    .command('replay')
    .description('Bring refused events before the door once more, after a fix')
    .option('--event <name>', 'event of the use case; its first one by default')
    .action(async (flags: OfEvent) => {
      const event = await eventOf(flags.event);
      const count = await withIntake(context, (intake) => intake.replay(event));
      const audit = await (await context.open()).use('audit');
      const subject = `${(await context.usecase()).name}.${event}`;
      await audit.append({
        action: 'ingestion.deadletter.replay',
        actor: 'local',
        subject,
        outcome: 'done',
        detail: { ...count },
      });
      context.answer(count, replayText(count));
    });

  ingestion
    .command('upload <file>')
    .description('Take in a CSV, JSON lines or Parquet file of events, with its manifest beside it')
    .option('--event <name>', 'event of the use case; its first one by default')
    .action(async (path: string, flags: OfEvent) => {
      const event = await eventOf(flags.event);
      const usecase = await context.usecase();
      const { clock, logger, use } = await context.open();
      const metadata = await use('metadata');
      const report = await withIntake(context, (intake) => upload({ usecase, event, path, intake, metadata, clock, logger }));
      context.answer(report, uploadText(report));
      if (report.refused > 0) process.exitCode = 1;
    });

  ingestion
    .command('manifest <file>')
    .description('Write the manifest of a whole file beside it; an upload is read only with one')
    .action(async (path: string) => {
      const manifest = await writeManifest(path);
      context.answer(manifest, `${manifest.rows} rows, ${manifest.bytes} bytes, sha256 ${manifest.sha256}`);
    });
}

/** The intake of this data folder, or that of the process which holds its log, through its collector. */
async function withIntake<T>(context: CommandContext, act: (intake: Intake) => Promise<T>): Promise<T> {
  const [runtime, usecase] = await Promise.all([context.open(), context.usecase()]);
  const { dataDir, clock, logger } = runtime;
  const keys = await runtime.use('keys');
  const log = await runtime.use('log').catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'MR_INGESTION_LOG_LOCKED') return error;
    throw error;
  });
  if (log instanceof MillraceError) {
    const url = await runningCollector(dataDir);
    if (url === undefined) throw log;
    return act(remoteIntake({ url, token: await keys.secret(TOKENS.collector) }));
  }
  const intake = await openIntake({ usecase, log, keys, clock, logger, dedupeDir: join(dataDir, 'dedupe') });
  try {
    return await act(intake);
  } finally {
    await intake.close();
  }
}
