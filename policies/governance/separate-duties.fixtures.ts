import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { acl } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { model } from '../model-samples.ts';
import { kubernetes } from '../samples.ts';

const SECRET = 'retail-gate-metadata';
const gateMounts = (secretName: string) =>
  alteredIn(model, 'gate', [
    ['spec', 'template', 'spec', 'volumes'],
    [
      { name: 'metadata', secret: { secretName: SECRET } },
      { name: 'log', secret: { secretName } },
    ],
  ]);
const objects = kubernetes('external-secrets.io/v1:ExternalSecret', 'lake-objects', {
  metadata: { namespace: 'millrace-delivery', labels: { [MODEL.grants]: 'write-data' } },
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'each its own', resources: model },
    { title: 'a gate that reads events', resources: gateMounts('retail-sink') },
  ],
  violating: [
    { title: 'a gate with the credentials of the collector', resources: gateMounts('retail-collector') },
    {
      title: 'a gate whose own user writes events',
      resources: alteredIn(gateMounts('retail-sink'), 'retail-sink', [
        ['spec', 'authorization', 'acls', 2],
        acl('topic', 'retail.click', 'Write'),
      ]),
    },
    {
      title: 'a gate that says it writes events',
      resources: alteredIn(model, 'gate', [['metadata', 'annotations', DATA.writes], 'log:retail.click,metadata']),
    },
    { title: 'a gate with the credentials of the lake', resources: [...gateMounts('lake-objects'), objects] },
    {
      title: 'one set of credentials for both',
      resources: alteredIn(model, SECRET, [['metadata', 'labels', MODEL.grants], 'promote,write-data']),
    },
  ],
};
