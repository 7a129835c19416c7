import { sameValue } from '../features/same-value.ts';
import type { Lake } from '../lake/port.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { FeatureBehind } from './explanation.ts';
import type { LoggedValue, RequestFacts } from './prediction.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The fields of the event that a classifier decided on, beside what the lake holds of the event: the one that was judged
 * must be the one that was taken in. An event that never came counts as it was asked about. Empty for a recommender.
 */
export async function eventBehind(
  usecase: UseCase,
  lake: Lake,
  served: Readonly<Record<string, LoggedValue>>,
): Promise<readonly FeatureBehind[]> {
  if (usecase.kind !== 'classifier') return [];
  const { event } = usecase.model.label;
  const own = `${event.name}.`;
  const fields = usecase.model.inputs.filter((input) => input.startsWith(own)).map((input) => input.slice(own.length));
  const { 'request.event': id } = served as Partial<RequestFacts>;
  const [row] =
    fields.length === 0
      ? []
      : await lake.query(
          `select ${fields.map(quoted).join(', ')} from ${quoted(usecase.name)}.${quoted(event.name)} where ${quoted(event.id)} = $id limit 1`,
          { params: { id: id ?? '' } },
        );
  return fields.map((field) => {
    const was = served[`${own}${field}`] ?? null;
    const held = row === undefined ? was : (row[field] ?? null);
    const recomputed = (typeof held === 'bigint' ? Number(held) : held) as LoggedValue;
    const type = event.fields[field]?.type ?? 'string';
    return { name: `${own}${field}`, served: was, recomputed, equal: sameValue(type, was, recomputed) };
  });
}
