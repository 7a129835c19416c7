import { REQUEST_SCHEMAS, SETTING } from '../../app/usecases/annotations.ts';
import { whole } from '../amounts.ts';
import { serving, word } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { annotationPath, documentsNamed, settingsOf } from '../serving-objects.ts';
import { violation } from '../violation.ts';

const MOST_BYTES = 1_048_576;

export const boundedRequests: StackRule = {
  id: 'S06',
  name: 'serving-bounded-requests',
  layer: 'serving',
  severity: 'mandatory',
  title: 'Requests are bounded: the body, each list and each text',
  control: ['OWASP API4:2023', 'checkov OpenAPI'],
  reason: 'One giant request takes the memory that a thousand users need.',
  remediation: `Give lists maxItems and texts maxLength in the request schema; set ${SETTING.bodyLimit} to 1 MiB or less.`,
  kinds: ['kubernetes:apps/v1:Deployment', 'kubernetes:core/v1:ConfigMap'],
  checkStack: (resources) => serving(resources).flatMap((workload) => check(resources, workload)),
};

function check(resources: readonly Resource[], workload: Resource): readonly Violation[] {
  const fault = (property: string, found: unknown, expected: string) =>
    violation(boundedRequests, workload, { property, found, expected });
  const bytes = settingsOf(workload)[SETTING.bodyLimit];
  const limit = whole(bytes) ?? 0;
  const documents = documentsNamed(resources, workload, REQUEST_SCHEMAS);
  const named = word(workload, REQUEST_SCHEMAS);
  return [
    ...(limit > 0 && limit <= MOST_BYTES ? [] : [fault(`env ${SETTING.bodyLimit}`, bytes, `bytes, from 1 to ${MOST_BYTES}`)]),
    ...(documents === undefined || Object.keys(documents).length === 0
      ? [
          fault(
            annotationPath(REQUEST_SCHEMAS),
            named,
            'the name of a ConfigMap beside it that holds the request schemas as JSON',
          ),
        ]
      : Object.entries(documents).flatMap(([name, schema]) =>
          schema === undefined
            ? [fault(`${named}/${name}`, 'no JSON', 'JSON')]
            : unbounded(schema, '#').map(([at, expected]) => fault(`${named}/${name}${at}`, 'of any length', expected)),
        )),
  ];
}

type Schema = Readonly<Record<string, unknown>>;

/** Places in a JSON Schema that admit texts or lists of any length, and what would bound them. */
function unbounded(schema: unknown, at: string): readonly (readonly [string, string])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Schema;
  const types = [node['type']].flat();
  const closed = 'enum' in node || 'const' in node;
  return [
    ...(types.includes('string') && !closed && typeof node['maxLength'] !== 'number' ? [[at, 'a maxLength'] as const] : []),
    ...(types.includes('array') && typeof node['maxItems'] !== 'number' ? [[at, 'a maxItems'] as const] : []),
    ...Object.entries(node)
      .filter(([key]) => !['enum', 'const', 'default', 'examples', 'example'].includes(key))
      .flatMap(([key, inner]) =>
        Array.isArray(inner)
          ? inner.flatMap((entry, index) => unbounded(entry, `${at}/${key}/${index}`))
          : unbounded(inner, `${at}/${key}`),
      ),
  ];
}
