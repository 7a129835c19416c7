import { DATA } from '../../app/usecases/data-annotations.ts';
import { list } from '../amounts.ts';
import { classesOf, manifestEntries } from '../manifest-data.ts';
import { kindOf, objectName, ofKind, word, wordPath } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { topicsOf } from '../topics.ts';
import { violation } from '../violation.ts';

const CLASSES = ['public', 'internal', 'sensitive', 'pii'];
const PERSONAL = ['sensitive', 'pii'];

export const classifiedData: StackRule = {
  id: 'D01',
  name: 'ingestion-classified-data',
  layer: 'ingestion',
  severity: 'mandatory',
  title: 'Topic and table with personal data declares its class and field keys',
  control: ['GDPR Art. 30', 'GDPR Art. 32', 'ISO 42001 A.7.3'],
  reason: 'Personal data that nobody classified can be neither protected nor erased.',
  remediation: 'Give the construct `classification`, `piiFields` and `keyRef`; they come from the classes of the event’s fields.',
  kinds: ['kubernetes:kafka.strimzi.io/*', 'aws:msk/topic:Topic', 'aws:glue/catalogTable:CatalogTable'],
  checkStack: (resources) => {
    const schemas = new Map(
      manifestEntries(resources, 'schemas').map((entry) => [`${objectName(entry.resource)}/${entry.key}`, entry]),
    );
    return [...topicsOf(resources), ...ofKind(resources, 'CatalogTable')].flatMap((resource) => {
      const schema = schemas.get(word(resource, DATA.schema) ?? '')?.document;
      return [...declared(resource, resources), ...agreed(resource, schema)];
    });
  },
};

function declared(resource: Resource, resources: readonly Resource[]): readonly Violation[] {
  const says = (key: string) => word(resource, key);
  const fault = (key: string, expected: string) =>
    violation(classifiedData, resource, { property: wordPath(resource, key), found: says(key), expected });
  const dataClass = says(DATA.dataClass);
  if (dataClass === undefined || !CLASSES.includes(dataClass)) return [fault(DATA.dataClass, `one of ${CLASSES.join(', ')}`)];
  if (!PERSONAL.includes(dataClass)) return [];
  const key = says(DATA.keyRef);
  const holders = resources.map((holder) => `${kindOf(holder)}/${objectName(holder)}`);
  return [
    ...(dataClass === 'pii' && list(says(DATA.piiFields)).length === 0
      ? [fault(DATA.piiFields, 'the names of the fields of class pii')]
      : []),
    ...(key === undefined || !holders.includes(key)
      ? [fault(DATA.keyRef, 'Kind/name of an object of the stack that holds the key')]
      : []),
  ];
}

/** What is declared is what the schema says. */
function agreed(resource: Resource, schema: Readonly<Record<string, unknown>> | undefined): readonly Violation[] {
  if (schema === undefined) return [];
  const classes = Object.entries(classesOf(schema));
  const highest = CLASSES[Math.max(0, ...classes.map(([, field]) => CLASSES.indexOf(field.class)))];
  const pii = classes.filter(([, field]) => field.class === 'pii').map(([name]) => name);
  const differs = (key: string, expected: string) =>
    violation(classifiedData, resource, { property: wordPath(resource, key), found: word(resource, key), expected });
  if (!CLASSES.includes(word(resource, DATA.dataClass) ?? '')) return [];
  return [
    ...(word(resource, DATA.dataClass) === highest ? [] : [differs(DATA.dataClass, `${highest}, as the schema’s fields say`)]),
    ...([...list(word(resource, DATA.piiFields))].sort().join() === pii.sort().join()
      ? []
      : [differs(DATA.piiFields, `${pii.join(',') || 'none'}, as the schema’s fields say`)]),
  ];
}
