import type { ColumnDefinitionBuilder, Kysely, Transaction } from 'kysely';
import { registryError } from '../errors.ts';
import type { Tables } from './tables.ts';

/** How a ground makes a column that numbers its rows: SQLite's `autoincrement`, Postgres' `generated as identity`. */
export type Numbered = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;

type Migration = (db: Transaction<Tables>, numbered: Numbered) => Promise<void>;

const required = (column: ColumnDefinitionBuilder) => column.notNull();

/** Migration i leads from layout i to i + 1. Append only: a released one never changes. */
const MIGRATIONS: readonly Migration[] = [
  async (db, numbered) => {
    await registryTables(db, numbered);
    await runTables(db);
  },
];

/** The layout that this version of the program reads and writes. */
export const LAYOUT = MIGRATIONS.length;

async function registryTables(db: Transaction<Tables>, numbered: Numbered): Promise<void> {
  await db.schema
    .createTable('versions')
    .addColumn('model', 'text', required)
    .addColumn('version', 'integer', required)
    .addColumn('unit_id', 'text', (column) => column.notNull().unique())
    .addColumn('state', 'text', required)
    .addColumn('author', 'text', required)
    .addColumn('created_at', 'bigint', required)
    .addColumn('manifest', 'text', required)
    .addColumn('signature', 'text', required)
    .addPrimaryKeyConstraint('versions_key', ['model', 'version'])
    .execute();
  await db.schema
    .createTable('aliases')
    .addColumn('model', 'text', required)
    .addColumn('alias', 'text', required)
    .addColumn('version', 'integer', required)
    .addColumn('at', 'bigint', required)
    .addPrimaryKeyConstraint('aliases_key', ['model', 'alias'])
    .addForeignKeyConstraint('aliases_version', ['model', 'version'], 'versions', ['model', 'version'])
    .execute();
  /** What approvals, verdicts and deployments share: a row number, and the version they are about. */
  const aboutVersion = (table: 'approvals' | 'verdicts' | 'deployments') =>
    db.schema
      .createTable(table)
      .addColumn('id', 'integer', numbered)
      .addColumn('model', 'text', required)
      .addColumn('version', 'integer', required)
      .addColumn('unit_id', 'text', required)
      .addColumn('at', 'bigint', required)
      .addForeignKeyConstraint(`${table}_version`, ['model', 'version'], 'versions', ['model', 'version']);
  await aboutVersion('approvals').addColumn('approver', 'text', required).addColumn('signature', 'text', required).execute();
  await aboutVersion('verdicts')
    .addColumn('verdict', 'text', required)
    .addColumn('evidence', 'text', required)
    .addColumn('signature', 'text', required)
    .execute();
  await aboutVersion('deployments')
    .addColumn('alias', 'text', required)
    .addColumn('act', 'text', required)
    .addColumn('actor', 'text', required)
    .addColumn('reason', 'text', required)
    .execute();
  for (const table of ['approvals', 'verdicts', 'deployments'] as const)
    await db.schema.createIndex(`${table}_by_version`).on(table).columns(['model', 'version']).execute();
  await db.schema.createIndex('deployments_by_time').on('deployments').columns(['model', 'alias', 'at']).execute();
}

async function runTables(db: Transaction<Tables>): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.notNull().primaryKey())
    .addColumn('pipeline', 'text', required)
    .addColumn('reason', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('started_at', 'bigint', required)
    .addColumn('ended_at', 'bigint')
    .addColumn('input', 'text', required)
    .addColumn('error', 'text')
    .execute();
  await db.schema
    .createTable('steps')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('step', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('attempt', 'integer', required)
    .addColumn('input', 'text', required)
    .addColumn('output', 'text')
    .addColumn('started_at', 'bigint', required)
    .addColumn('ended_at', 'bigint')
    .addColumn('error', 'text')
    .execute();
  await db.schema.createIndex('steps_by_run').on('steps').column('run_id').execute();
  await db.schema
    .createTable('uploads')
    .addColumn('source', 'text', required)
    .addColumn('name', 'text', required)
    .addColumn('sha256', 'text', required)
    .addColumn('rows', 'integer', required)
    .addColumn('state', 'text', required)
    .addColumn('next_row', 'integer', required)
    .addColumn('at', 'bigint', required)
    .addPrimaryKeyConstraint('uploads_key', ['source', 'sha256'])
    .execute();
  await db.schema
    .createTable('cursors')
    .addColumn('source', 'text', (column) => column.notNull().primaryKey())
    .addColumn('cursor', 'text', required)
    .addColumn('at', 'bigint', required)
    .execute();
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.notNull().primaryKey())
    .addColumn('value', 'text', required)
    .execute();
}

/**
 * Brings the store to this program's layout in one transaction; of several processes that open an empty folder, one
 * does the work. @throws MR_REGISTRY_LAYOUT_NEWER
 */
export async function migrate(db: Kysely<Tables>, numbered: Numbered, where: string): Promise<void> {
  await db.transaction().execute(async (step) => {
    await step.schema.createTable('layout').ifNotExists().addColumn('version', 'integer', required).execute();
    const found = (await step.selectFrom('layout').select('version').executeTakeFirst())?.version;
    refuseNewer(found ?? 0, where);
    for (const migration of MIGRATIONS.slice(found ?? 0)) await migration(step, numbered);
    if (found === undefined) await step.insertInto('layout').values({ version: LAYOUT }).execute();
    else if (found < LAYOUT) await step.updateTable('layout').set({ version: LAYOUT }).execute();
  });
}

/** @throws MR_REGISTRY_LAYOUT_NEWER naming both versions */
export function refuseNewer(found: number, where: string): void {
  if (found <= LAYOUT) return;
  throw registryError('MR_REGISTRY_LAYOUT_NEWER', `${where} has layout ${found}; this Millrace reads up to ${LAYOUT}`, {
    field: 'layout',
    value: found,
    expected: `at most ${LAYOUT}`,
  });
}
