import { without } from '../alteration.ts';
import { buckets } from '../cloud-samples.ts';
import { data, ERASURE, withDocument } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { kubernetes, labelsFor, workload } from '../samples.ts';

const manifest = (change: object) => withDocument(data, 'retail-erasure', 'erasure.json', { ...ERASURE, ...change });
const named = (...names: readonly string[]) => ERASURE.stores.filter(({ name }) => names.includes(name));
const cache = { name: 'cache', layer: 'features' };
const volume = kubernetes('core/v1:PersistentVolumeClaim', 'scratch', {
  metadata: { namespace: 'millrace-lake', labels: labelsFor(cache) },
});
const kept = { ...volume, protect: true };
const exempt = (reason: string) => manifest({ exempt: [{ kind: 'PersistentVolumeClaim', name: 'scratch', reason }] });

export const fixtures: Fixtures = {
  passing: [
    { title: 'every topic', resources: data },
    { title: 'every bucket', resources: buckets },
    { title: 'a volume with a reason', resources: [...exempt('Holds the metrics of machines, no person.'), kept] },
  ],
  violating: [
    { title: 'a topic forgotten', resources: manifest({ stores: named('retail.click', 'retail.prediction') }) },
    {
      title: 'a personal topic exempt',
      resources: manifest({
        stores: named('retail.click', 'retail.click.dead'),
        exempt: [{ kind: 'KafkaTopic', name: 'retail.prediction', reason: 'It holds pseudonyms only, we think.' }],
      }),
    },
    {
      title: 'an outcome that is none',
      resources: manifest({ stores: ERASURE.stores.map((store) => ({ ...store, outcome: 'later' })) }),
    },
    { title: 'a volume that nobody thought of', resources: [...data, kept] },
    { title: 'a volume exempt without a reason', resources: [...exempt('fine'), kept] },
    { title: 'a store of state that nobody thought of', resources: [...data, workload('StatefulSet', cache)] },
    { title: 'no manifest', resources: without(data, 'retail-erasure') },
    { title: 'buckets without a manifest', resources: without(buckets, 'erasure') },
  ],
};
