import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { Lake } from '../lake/port.ts';
import type { DatasetPin } from '../registry/release.ts';
import type { RecommenderUseCase, UseCase } from '../usecases/usecase.ts';
import { trainingError } from './errors.ts';
import { recommenderInputs } from './inputs.ts';
import { type Interaction, type Interactions, interactions } from './interactions.ts';

export interface Dataset {
  readonly events: Interactions;
  readonly pin: DatasetPin;
  /** Version of the label event's table. */
  readonly version: number;
}

export interface DatasetOptions {
  readonly usecase: RecommenderUseCase;
  readonly lake: Lake;
  /** Pseudonyms of erased people: their rows are left out. */
  readonly erased: ReadonlySet<string>;
  /** Lake versions by table; newest where left out. */
  readonly at?: Readonly<Record<string, number>>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const labelTable = (usecase: UseCase): string => `${usecase.name}.${usecase.model.label.event.name}`;

/**
 * Reads the label's events at one pinned version. The query hash covers the query's text and everything that turns a
 * row into an interaction, so (version, hash) names the training set; people erased since then are missing from it.
 * @throws MR_TRAINING_TOO_LITTLE_DATA where no event is left, MR_LAKE_VERSION_UNKNOWN
 */
export async function loadDataset(options: DatasetOptions): Promise<Dataset> {
  const { usecase, lake, erased } = options;
  const { label } = usecase.model;
  const table = labelTable(usecase);
  if (!(await lake.has(table))) throw noEvents(table, 'it does not exist yet');
  const newest = await lake.snapshot(table);
  const version = options.at?.[table] ?? newest.version;
  const { embedding } = recommenderInputs(usecase);
  const columns = { user: embedding.entity.joinKey, item: label.item, kind: label.weightBy, at: label.event.time };
  const list = Object.entries(columns).map(([name, column]) => `${quoted(column)} as ${quoted(name)}`);
  const sql = `select ${list.join(', ')} from ${quoted(usecase.name)}.${quoted(label.event.name)} where ${quoted(label.item)} is not null`;
  const rows: Interaction[] = [];
  for await (const { rows: count, columns: chunk } of lake.stream(sql, { at: { [table]: version } })) {
    for (let row = 0; row < count; row += 1) {
      const user = String(chunk.user?.[row]);
      const kind = String(chunk.kind?.[row]);
      const weight = label.weights[kind] ?? 0;
      if (weight <= 0 || erased.has(user)) continue;
      rows.push({ user, item: String(chunk.item?.[row]), weight, at: Number(chunk.at?.[row]), hit: label.hits.includes(kind) });
    }
  }
  if (rows.length === 0) throw noEvents(table, `version ${version} holds no event to learn from`);
  const events = interactions(rows);
  const queryHash = createHash('sha256')
    .update(canonicalJson({ sql, weights: label.weights, hits: label.hits }))
    .digest('hex');
  const pin = {
    tables: { [table]: version },
    queryHash,
    until: (events.at.at(-1) ?? 0) + 1,
    rows: rows.length,
    note: await noteOf(options, table, version, newest.version),
  };
  return { events, pin, version };
}

/** Says why training did not use the newest rows, if it did not. */
export async function noteOf(
  { usecase, lake }: { readonly usecase: UseCase; readonly lake: Lake },
  table: string,
  version: number,
  newest: number,
): Promise<string | undefined> {
  if (version < newest) return `version ${version} of ${table} was asked for; the newest is ${newest}`;
  const quarantine = `${table}_quarantine`;
  if (!(await lake.has(quarantine))) return undefined;
  const event = usecase.model.label.event.name;
  const name = (suffix: string) => `${quoted(usecase.name)}.${quoted(event + suffix)}`;
  const [row] = await lake.query(
    `select count(*) as held from ${name('_quarantine')}
     where _ingested_at > (select coalesce(max(_ingested_at), make_timestamp(0)) from ${name('')})`,
    { at: { [table]: version } },
  );
  const held = Number(row?.held ?? 0);
  return held === 0
    ? undefined
    : `${held} newer rows failed their audit and wait in ${quarantine}; version ${version} of ${table}, the last published one, was used`;
}

const noEvents = (table: string, why: string) =>
  trainingError('MR_TRAINING_TOO_LITTLE_DATA', `${table}: ${why}`, { field: table, value: 0, expected: 'events of the label' });
