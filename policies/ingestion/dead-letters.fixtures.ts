import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn, without } from '../alteration.ts';
import { acl, data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { managed, managedSaying } from '../managed-samples.ts';

const DEAD = 'retail.click.dead';
const said = (topic: string, key: string, value: string | undefined) =>
  alteredIn(data, topic, [['metadata', 'annotations', key], value]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'dead letters on MSK', resources: managed },
    { title: 'dead letters like their source', resources: data },
    {
      title: 'none where no group follows',
      resources: alteredIn(said('retail.click', DATA.deadLetter, undefined), 'retail-sink', [
        ['spec', 'authorization', 'acls'],
        [acl('topic', 'retail.prediction', 'Read')],
      ]),
    },
  ],
  violating: [
    { title: 'none named, on MSK', resources: managedSaying('retail.click', DATA.deadLetter, undefined) },
    { title: 'none named', resources: said('retail.click', DATA.deadLetter, undefined) },
    { title: 'one that is not there', resources: without(data, DEAD) },
    { title: 'the topic itself', resources: said('retail.click', DATA.deadLetter, 'retail.click') },
    { title: 'on another Kafka', resources: alteredIn(data, DEAD, [['metadata', 'labels', 'strimzi.io/cluster'], 'other']) },
    {
      title: 'less protected than its source',
      resources: alteredIn(
        data,
        DEAD,
        [['metadata', 'annotations', DATA.dataClass], 'internal'],
        [['metadata', 'annotations', DATA.keyRef], undefined],
      ),
    },
    {
      title: 'followed by every topic of the use case',
      resources: alteredIn(said('retail.click', DATA.deadLetter, undefined), 'retail-sink', [
        ['spec', 'authorization', 'acls', 0, 'resource'],
        { type: 'topic', name: 'retail.', patternType: 'prefix' },
      ]),
    },
  ],
};
