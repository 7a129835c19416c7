import { durationSeconds } from '../amounts.ts';
import { classesOf, manifestEntries, type ViewEntry, viewEntries } from '../manifest-data.ts';
import { usecaseOf } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

export const completeView: StackRule = {
  id: 'D08',
  name: 'features-complete-view',
  layer: 'features',
  severity: 'mandatory',
  title: 'Each feature view has owner, entity, time to live and event-time column',
  control: ['EU AI Act Art. 10', 'NIST AI RMF MAP 2.3'],
  reason: 'Without an event time there is no point-in-time join, and the future leaks into training.',
  remediation: 'Fill the four fields of the view’s definition; the construct writes the manifest from it.',
  kinds: ['kubernetes:core/v1:ConfigMap'],
  checkStack: (resources) => viewEntries(resources).flatMap((view) => judge(view, resources)),
};

function judge({ resource, usecase, key, path, document }: ViewEntry, resources: readonly Resource[]): readonly Violation[] {
  const fault = (field: string, found: unknown, expected: string) =>
    violation(completeView, resource, {
      property: path,
      found: `${field}: ${JSON.stringify(found)}`,
      expected: `${field} ${expected}`,
    });
  if (document === undefined) return [fault(key, undefined, 'to be a JSON object')];
  const named = (field: string) =>
    typeof document[field] === 'string' && document[field].trim() !== '' ? [] : [fault(field, document[field], 'to be a name')];
  const lasting =
    durationSeconds(document['ttl']) === undefined ? [fault('ttl', document['ttl'], 'to be a duration, e.g. 30d')] : [];
  const faults = [...named('owner'), ...named('entity'), ...named('joinKey'), ...named('eventTime'), ...lasting];
  return faults.length > 0 || document['kind'] === 'embedding' ? faults : inSource(document, usecase, resources, fault);
}

/** Event time and join key are fields of the schema that the view reads. */
function inSource(
  document: Readonly<Record<string, unknown>>,
  usecase: string | undefined,
  resources: readonly Resource[],
  fault: (field: string, found: unknown, expected: string) => Violation,
): readonly Violation[] {
  const source = manifestEntries(resources, 'schemas').find(
    (schema) => schema.key === document['source'] && usecaseOf(schema.resource) === usecase,
  );
  if (source === undefined) return [fault('source', document['source'], 'to be a schema of the use case, e.g. click.json')];
  const fields = Object.keys(classesOf(source.document));
  return ['eventTime', 'joinKey']
    .filter((field) => !fields.includes(String(document[field])))
    .map((field) => fault(field, document[field], `to be a field of ${source.key}: ${fields.join(', ')}`));
}
