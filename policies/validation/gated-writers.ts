import { DATA } from '../../app/usecases/data-annotations.ts';
import { list } from '../amounts.ts';
import { containersIn, layerOf, objectName, runs, word, wordPath, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';
import { eventTopics } from './compatible-schema.ts';

export const gatedWriters: StackRule = {
  id: 'D07',
  name: 'validation-gated-writers',
  layer: 'validation',
  severity: 'mandatory',
  title: 'Writers to the lake pass a validation gate',
  control: ['OWASP ML02', 'ATLAS AML.T0020'],
  reason: 'Poisoned or broken rows must not become training data.',
  remediation: 'Let `millrace lake sink` write the table (`ValidatedSink`): it audits each batch and sets bad ones apart.',
  kinds: ['kubernetes:*', 'aws:msk/topic:Topic'],
  checkStack: (resources) => {
    const tables = eventTopics(resources).map((topic) => `lake:${objectName(topic)}`);
    return workloads(resources).flatMap((workload) => [...undeclared(workload), ...ungated(workload, tables)]);
  },
};

/** Whoever runs the lake's code says what it writes. */
function undeclared(workload: Resource): readonly Violation[] {
  if (layerOf(workload) !== 'lake' || word(workload, DATA.writes) !== undefined) return [];
  if (!containersIn(workload).some((container) => runs(container, 'lake'))) return [];
  return [
    violation(gatedWriters, workload, {
      property: wordPath(workload, DATA.writes),
      found: undefined,
      expected: 'what it writes',
    }),
  ];
}

function ungated(workload: Resource, tables: readonly string[]): readonly Violation[] {
  const writes = list(word(workload, DATA.writes));
  const written = writes.filter((one) => tables.includes(one));
  if (written.length === 0) return [];
  const containers = containersIn(workload);
  // Compaction and vacuum write rows anew that are in the table already.
  if (containers.some((container) => runs(container, 'lake', 'compact') || runs(container, 'lake', 'vacuum'))) return [];
  if (!containers.some((container) => runs(container, 'lake', 'sink')))
    return [
      violation(gatedWriters, workload, {
        property: containers[0] === undefined ? '' : `${containers[0].path}.args`,
        found: containers.map(({ words }) => words.join(' ')).join('; '),
        expected: `\`millrace lake sink\` as the only writer of ${written.join(', ')}`,
      }),
    ];
  const apart = written.filter((table) => !writes.includes(`${table}_quarantine`));
  return apart.map((table) =>
    violation(gatedWriters, workload, {
      property: wordPath(workload, DATA.writes),
      found: word(workload, DATA.writes),
      expected: `${table}_quarantine too, where batches go that do not pass`,
    }),
  );
}
