import { createHash } from 'node:crypto';
import { canonicalJson } from '../../canonical.ts';
import type { Micros } from '../../clock/port.ts';
import type { FeatureValue } from '../../features/value.ts';
import type { Lake, LakeValue } from '../../lake/port.ts';
import type { DatasetPin } from '../../registry/release.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { micros } from '../../usecases/window.ts';
import { noteOf } from '../dataset.ts';
import { trainingError } from '../errors.ts';
import { classifierInputs } from './columns.ts';

/** One classified event whose label is final. */
export interface LabelledEvent {
  readonly id: string;
  /** Pseudonym of the subject. */
  readonly entity: string;
  readonly at: Micros;
  readonly positive: boolean;
  /** Earlier events of the subject. */
  readonly past: number;
  /** Of the fields that the model reads, by name. */
  readonly fields: Readonly<Record<string, FeatureValue>>;
}

export interface LabelledData {
  /** By time, then id. */
  readonly events: readonly LabelledEvent[];
  readonly pin: DatasetPin;
  /** Newest time that any of the tables knows of. */
  readonly knownAt: Micros;
}

export interface LabelledOptions {
  readonly usecase: ClassifierUseCase;
  readonly lake: Lake;
  /** Pseudonyms of erased people: their rows are left out. */
  readonly erased: ReadonlySet<string>;
  /** Lake versions by table; newest where left out. */
  readonly at?: Readonly<Record<string, number>>;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Tables that labels and features are read from. */
const tablesOf = (usecase: ClassifierUseCase): readonly string[] => {
  const { event, outcome } = usecase.model.label;
  const { windowed } = classifierInputs(usecase);
  return [...new Set([event, outcome, ...windowed.map(({ source }) => source)].map(({ name }) => `${usecase.name}.${name}`))];
};

/**
 * Reads the classified events and what became of them, at pinned versions. An event counts once its label is final: a
 * positive outcome came within `maturity`, or the newest row is older than the event by more than that.
 * @throws MR_TRAINING_TOO_LITTLE_DATA, MR_LAKE_VERSION_UNKNOWN
 */
export async function loadLabelled(options: LabelledOptions): Promise<LabelledData> {
  const { usecase, lake, erased } = options;
  const { label } = usecase.model;
  const [eventTable, outcomeTable] = [`${usecase.name}.${label.event.name}`, `${usecase.name}.${label.outcome.name}`];
  for (const table of tablesOf(usecase)) if (!(await lake.has(table))) throw nothing(table, 'it does not exist yet');
  const newest: Record<string, number> = {};
  const tables: Record<string, number> = {};
  for (const table of tablesOf(usecase)) {
    newest[table] = (await lake.snapshot(table)).version;
    tables[table] = options.at?.[table] ?? newest[table];
  }

  const outcomeSql = `select ${quoted(label.of)} as id, min(${quoted(label.outcome.time)}) filter (where ${quoted(label.by)} in (${label.positive
    .map((value) => `'${value.replaceAll("'", "''")}'`)
    .join(
      ', ',
    )})) as told, max(${quoted(label.outcome.time)}) as newest from ${quoted(usecase.name)}.${quoted(label.outcome.name)} group by 1`;
  const told = new Map<string, Micros>();
  let knownAt: Micros = 0;
  for (const row of await lake.query(outcomeSql, { at: { [outcomeTable]: tables[outcomeTable] as number } })) {
    if (row.told !== null && row.told !== undefined) told.set(String(row.id), Number(row.told));
    knownAt = Math.max(knownAt, Number(row.newest));
  }

  const { fields } = classifierInputs(usecase);
  const { event } = label;
  const columns = {
    _id: event.id,
    _entity: event.key,
    _at: event.time,
    ...Object.fromEntries(fields.map((name) => [name, name])),
  };
  const list = Object.entries(columns).map(([name, column]) => `${quoted(column)} as ${quoted(name)}`);
  const eventSql = `select ${list.join(', ')} from ${quoted(usecase.name)}.${quoted(event.name)} order by ${quoted(event.time)}, ${quoted(event.id)}`;
  const past = new Map<string, number>();
  const all: LabelledEvent[] = [];
  const maturity = micros(label.maturity);
  for await (const { rows, columns: chunk } of lake.stream(eventSql, { at: { [eventTable]: tables[eventTable] as number } })) {
    for (let row = 0; row < rows; row += 1) {
      const entity = String(chunk._entity?.[row]);
      if (erased.has(entity)) continue;
      const [id, at] = [String(chunk._id?.[row]), Number(chunk._at?.[row])];
      const before = past.get(entity) ?? 0;
      past.set(entity, before + 1);
      const values = Object.fromEntries(fields.map((name) => [name, plain(chunk[name]?.[row] ?? null)]));
      const positive = (told.get(id) ?? Number.POSITIVE_INFINITY) <= at + maturity;
      all.push({ id, entity, at, positive, past: before, fields: values });
      knownAt = Math.max(knownAt, at);
    }
  }
  const events = all.filter(({ at }) => at + maturity <= knownAt);
  if (events.length === 0) throw nothing(eventTable, 'no event is old enough for its outcome to be known');
  const { positive, of, by } = label;
  const queryHash = createHash('sha256')
    .update(canonicalJson({ eventSql, outcomeSql, positive, of, by, maturity }))
    .digest('hex');
  const pin = {
    tables,
    queryHash,
    until: (events.at(-1)?.at ?? 0) + 1,
    rows: events.length,
    note: await noteOf(options, eventTable, tables[eventTable] as number, newest[eventTable] as number),
  };
  return { events, pin, knownAt };
}

const plain = (value: LakeValue): FeatureValue => (typeof value === 'bigint' ? Number(value) : (value as FeatureValue));

const nothing = (table: string, why: string) =>
  trainingError('MR_TRAINING_TOO_LITTLE_DATA', `${table}: ${why}`, { field: table, value: 0, expected: 'events with outcomes' });
