import { type Command, InvalidArgumentError } from 'commander';
import { DAY, HOUR, MINUTE, SECOND } from '../../app/clock/port.ts';
import { RETENTION_MS } from '../../app/lake/care.ts';
import type { Lake, LakeRow } from '../../app/lake/port.ts';
import { historyText, jsonSafe, rowsText, snapshotText } from '../../app/lake/text.ts';
import { readSettings } from '../../app/settings.ts';
import { workloadsOf } from '../../app/workloads.ts';
import type { CommandContext } from '../command.ts';
import { untilTold } from '../until-told.ts';

/** Rows printed without `--limit`. */
const MAX_ROWS = 100;

const UNIT_MS = { s: SECOND / 1000, m: MINUTE / 1000, h: HOUR / 1000, d: DAY / 1000 } as const;

/** `7d`, `12h`, `30m` or `0s` in milliseconds. */
export function retentionMs(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a whole number and s, m, h or d, e.g. 7d.');
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** Collects `--at table=version`, which may be given several times. */
export function pin(text: string, pins: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const match = /^([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)=(\d{1,15})$/.exec(text);
  if (match?.[1] === undefined) throw new InvalidArgumentError('Expected table=version, e.g. retail.click=12.');
  return { ...pins, [match[1]]: Number(match[2]) };
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}

/** `millrace lake …`: tables, versions, SQL, and the care of files. */
export function lakeCommands(program: Command, context: CommandContext): void {
  const lake = program.command('lake').description('Tables with versions: list, query, compact, vacuum');
  const open = async (): Promise<Lake> => (await context.open()).use('lake');

  untilTold(lake.command('sink').description('Move topics into tables, until told to stop'), context, async (place) =>
    (await import('../../pipelines/workloads/sink.ts')).startSinking({ ...place, usecase: await context.usecase() }),
  );

  lake
    .command('tables')
    .description('All tables with their newest version')
    .action(async () => {
      const opened = await open();
      const snapshots = await Promise.all((await opened.tables()).map((name) => opened.snapshot(name)));
      const rows = snapshots.map(({ table, version, rows, files }) => ({ table, version, rows, files: files.length }));
      context.answer(rows, rows.length === 0 ? 'no tables yet' : rowsText(rows));
    });

  lake
    .command('history <table>')
    .description('Versions of a table, newest first')
    .action(async (table: string) => {
      const commits = await (await open()).history(table);
      context.answer(commits, historyText(commits));
    });

  lake
    .command('query <sql>')
    .description('Run a SELECT (DuckDB) over tables named usecase.table')
    .option('--at <table=version>', 'read a table at a version; may be given several times', pin, {})
    .option('--limit <rows>', 'most rows printed', positive, MAX_ROWS)
    .action(async (sql: string, options: { readonly at: Readonly<Record<string, number>>; readonly limit: number }) => {
      const rows: LakeRow[] = [];
      let more = false;
      for await (const chunk of (await open()).stream(sql, { at: options.at })) {
        for (let index = 0; index < chunk.rows && !more; index += 1) {
          more = rows.length === options.limit;
          if (!more)
            rows.push(Object.fromEntries(Object.entries(chunk.columns).map(([name, values]) => [name, values[index] ?? null])));
        }
        if (more) break;
      }
      const note = more ? `\n… more than ${options.limit} rows; raise --limit` : '';
      context.answer({ rows: jsonSafe(rows), truncated: more }, rowsText(rows) + note);
    });

  lake
    .command('compact [table]')
    .description('Join small files, of every table of the use case where none is named; older versions keep theirs until vacuum')
    .option('--target-bytes <bytes>', 'size a file should have', positive)
    .action(async (table: string | undefined, options: { readonly targetBytes?: number }) => {
      const opened = await open();
      const results = [];
      const lines: string[] = [];
      for (const name of await namedOrAll(opened, table)) {
        const before = await opened.snapshot(name);
        const after = await opened.compact(name, options);
        const files = { filesBefore: before.files.length, filesAfter: after.files.length };
        results.push({ table: name, version: after.version, rows: after.rows, ...files });
        lines.push(`${snapshotText(after)}, ${before.files.length} before`);
      }
      context.answer(table === undefined ? results : results[0], lines.join('\n') || 'no tables yet');
    });

  lake
    .command('vacuum [table]')
    .description(
      'Delete files that no version younger than the retention needs, of every table of the use case where none is named',
    )
    .option(
      '--retention <duration>',
      'how far back versions stay readable, e.g. 12h; 7d where left out',
      retentionMs,
      RETENTION_MS,
    )
    .action(async (table: string | undefined, options: { readonly retention: number }) => {
      const opened = await open();
      const results = [];
      for (const name of await namedOrAll(opened, table))
        results.push({ table: name, ...(await opened.vacuum(name, { retentionMs: options.retention })) });
      const deleted = results.flatMap((result) => result.deleted);
      const lines = [`${deleted.length} objects deleted`, ...deleted];
      context.answer(table === undefined ? results : results[0], lines.join('\n'));
    });

  lake
    .command('register')
    .description("Make the use case's tables known to the warehouse, by name; safe to repeat")
    .action(async () => {
      const [{ registerTables }, { warehouseOf }] = await Promise.all([
        import('../../app/lake/trino.ts'),
        import('../../app/lake/warehouse-settings.ts'),
      ]);
      const { trino, locationOf } = warehouseOf(readSettings(process.env));
      const tables = await registerTables(trino, await ownTables(), locationOf);
      context.answer(tables, tables.map(({ table, state }) => `${table}  ${state}`).join('\n'));
    });

  /** All tables that the use case's workloads write. */
  const ownTables = async (): Promise<readonly string[]> => {
    const declared = workloadsOf(await context.usecase()).flatMap(({ writes }) => writes);
    return [...new Set(declared.flatMap((access) => (access.store === 'lake' ? [access.table] : [])))];
  };

  const namedOrAll = async (opened: Lake, table: string | undefined): Promise<readonly string[]> => {
    if (table !== undefined) return [table];
    const there = await Promise.all((await ownTables()).map(async (name) => ((await opened.has(name)) ? [name] : [])));
    return there.flat();
  };
}
