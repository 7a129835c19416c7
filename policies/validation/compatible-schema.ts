import { DATA } from '../../app/usecases/data-annotations.ts';
import { manifestEntries } from '../manifest-data.ts';
import { objectName, word, wordPath } from '../read.ts';
import type { Resource, StackRule } from '../rule.ts';
import { topicsOf } from '../topics.ts';
import { violation } from '../violation.ts';

const COMPATIBILITIES = ['BACKWARD', 'FULL', 'BACKWARD_TRANSITIVE', 'FULL_TRANSITIVE'];

export const compatibleSchema: StackRule = {
  id: 'D02',
  name: 'validation-compatible-schema',
  layer: 'validation',
  severity: 'mandatory',
  title: 'Every event topic has a registered schema with backward or full compatibility',
  control: ['EU AI Act Art. 10', 'ISO 42001 A.7.4'],
  reason: 'A silent change of a schema breaks features days later.',
  remediation: 'Give the topic `schema:` with `compatibility:`; the document comes from the event’s definition.',
  kinds: ['kubernetes:kafka.strimzi.io/*', 'aws:msk/topic:Topic'],
  checkStack: (resources) => {
    const schemas = new Map(
      manifestEntries(resources, 'schemas').map(({ resource, key, document }) => [`${objectName(resource)}/${key}`, document]),
    );
    return eventTopics(resources).flatMap((topic) => {
      const fault = (key: string, expected: string) =>
        violation(compatibleSchema, topic, { property: wordPath(topic, key), found: word(topic, key), expected });
      const document = schemas.get(word(topic, DATA.schema) ?? '');
      const properties = document?.['properties'];
      const shaped = document?.['type'] === 'object' && typeof properties === 'object' && properties !== null;
      return [
        ...(shaped && Object.keys(properties).length > 0
          ? []
          : [
              fault(
                DATA.schema,
                'ConfigMap/key of a JSON Schema with properties, in a ConfigMap of the stack labelled as schemas',
              ),
            ]),
        ...(COMPATIBILITIES.includes(word(topic, DATA.compatibility) ?? '')
          ? []
          : [fault(DATA.compatibility, `one of ${COMPATIBILITIES.join(', ')}`)]),
      ];
    });
  },
};

/** Topics that hold what a collector admits. One that says nothing of itself counts as one. */
export const eventTopics = (resources: readonly Resource[]): readonly Resource[] =>
  topicsOf(resources).filter((topic) => (word(topic, DATA.role) ?? 'event') === 'event');
