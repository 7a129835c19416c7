import type { Micros } from '../clock/port.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { Lake, LakeRow, LakeValue } from '../lake/port.ts';
import type { EmbeddingView, Expression, FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { micros } from '../usecases/window.ts';
import { servingError } from './errors.ts';
import type { EventBehind } from './explanation.ts';
import type { Prediction } from './prediction.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const number = (value: LakeValue | undefined): number => Number(value);
const numberOrNull = (value: LakeValue | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** RFC 3339 in UTC, to the microsecond. */
export function isoTime(time: Micros): string {
  const fraction = String(((time % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0');
  return `${new Date(Math.floor(time / 1_000_000) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The prediction of a request id. @throws MR_SERVING_REQUEST_UNKNOWN */
export async function findPrediction(lake: Lake, usecase: UseCase, requestId: string): Promise<Prediction> {
  const unknown = () =>
    servingError('MR_SERVING_REQUEST_UNKNOWN', `no prediction '${requestId.slice(0, 64)}' is in the lake`, {
      field: 'requestId',
      value: requestId.slice(0, 64),
      expected: 'the requestId of an answer',
    });
  const table = `${usecase.name}.prediction`;
  if (!UUID.test(requestId) || !(await lake.has(table))) throw unknown();
  const text = `select * from ${quoted(usecase.name)}.prediction where request_id = $request_id limit 1`;
  const [row] = await lake.query(text, { params: { request_id: requestId } });
  if (row === undefined) throw unknown();
  return {
    request_id: requestId,
    unit_id: String(row['unit_id']),
    version: number(row['version']),
    user_id: row['user_id'] === null ? null : String(row['user_id']),
    at: number(row['at']),
    feature_partition: numberOrNull(row['feature_partition']),
    feature_offset: numberOrNull(row['feature_offset']),
    features: String(row['features']),
    items: (row['items'] ?? []) as readonly string[],
    scores: Array.from((row['scores'] ?? []) as ArrayLike<number>, Number),
    fallback: row['fallback'] === null ? null : String(row['fallback']),
    confidence: numberOrNull(row['confidence']),
    latency_ms: number(row['latency_ms']),
  };
}

/** Whether the batch audit ever set rows of this event aside: the stream had applied them, so an answer may rest on them. */
export const hasQuarantine = (lake: Lake, usecase: UseCase, view: FeatureView): Promise<boolean> =>
  lake.has(`${usecase.name}.${view.source.name}_quarantine`);

/** The events of the subject that the view's row had applied and that lie in its longest window, oldest first. */
export async function eventsBehind(
  lake: Lake,
  usecase: UseCase,
  view: FeatureView,
  prediction: Prediction,
): Promise<readonly EventBehind[]> {
  const { user_id, at, feature_partition, feature_offset } = prediction;
  const { source } = view;
  if (user_id === null || feature_partition === null || feature_offset === null) return [];
  const shown = [...new Set([source.id, source.time, view.entity.joinKey, ...plainFields(view)])].map(quoted);
  const tables = [source.name, ...((await hasQuarantine(lake, usecase, view)) ? [`${source.name}_quarantine`] : [])];
  const time = quoted(source.time);
  const from = tables.map(
    (table) => `select ${shown.join(', ')}, _partition, _offset from ${quoted(usecase.name)}.${quoted(table)}`,
  );
  const rows = await lake.query(
    `select * from (${from.join(' union all ')})
     where ${quoted(view.entity.joinKey)} = $entity and _partition = $partition and _offset < $before
       and ${time} <= make_timestamptz($at) and ${time} > make_timestamptz($since)
     order by ${time}, ${quoted(source.id)}, _offset`,
    { params: { entity: user_id, partition: feature_partition, before: feature_offset, at, since: at - longestWindow(view) } },
  );
  return rows.map((row) => ({
    partition: number(row['_partition']),
    offset: number(row['_offset']),
    id: String(row[source.id]),
    time: isoTime(number(row[source.time])),
    values: plainValues(plainFields(view), row),
  }));
}

/** The event's fields that are no personal data, without its id and time. */
const plainFields = ({ source }: FeatureView): readonly string[] =>
  Object.entries(source.fields).flatMap(([name, field]) =>
    field.class === 'pii' || name === source.id || name === source.time ? [] : [name],
  );

const plainValues = (names: readonly string[], row: LakeRow): EventBehind['values'] =>
  Object.fromEntries(
    names.map((name) => {
      const value = row[name] ?? null;
      return [name, typeof value === 'bigint' ? Number(value) : (value as string | number | boolean | null)];
    }),
  );

const windowOf = (expression: Expression): Micros =>
  expression.op === 'ratio' ? Math.max(windowOf(expression.of), windowOf(expression.to)) : micros(expression.over);

export const longestWindow = (view: FeatureView): Micros =>
  Math.max(...Object.values(view.features).map(({ expression }) => windowOf(expression)));

/** The subject's sealed vector as the unit learnt it, from the lake. */
export async function sealedVector(
  lake: Lake,
  usecase: UseCase,
  view: EmbeddingView,
  unit: string,
  entity: string,
): Promise<{ readonly sealed: Buffer; readonly learntAt: Micros } | undefined> {
  if (!(await lake.has(`${usecase.name}.${view.name}`))) return undefined;
  const [row] = await lake.query(
    `select vector, _learnt_at from ${quoted(usecase.name)}.${quoted(view.name)}
     where ${quoted(view.entity.joinKey)} = $entity and _unit = $unit order by _learnt_at desc limit 1`,
    { params: { entity, unit } },
  );
  return row === undefined ? undefined : { sealed: row['vector'] as Buffer, learntAt: number(row['_learnt_at']) };
}

const PAGE = 1_000;

/** When the audit log says the subject was erased, newest record first; undefined where it does not. */
export async function erasedOn(audit: Pick<AuditSink, 'read' | 'size'>, pseudonym: string): Promise<string | undefined> {
  for (let end = await audit.size(); end > 0; end -= PAGE) {
    const start = Math.max(0, end - PAGE);
    const records = await audit.read(start, end - start);
    const found = records.findLast(({ action, subject }) => subject === pseudonym && action === 'governance.subject.erase');
    if (found !== undefined) return isoTime(found.at);
  }
  return undefined;
}
