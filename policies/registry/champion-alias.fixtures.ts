import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn, without } from '../alteration.ts';
import { of } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { mainOf, model } from '../model-samples.ts';
import type { Resource } from '../rule.ts';
import { kubernetes, workload } from '../samples.ts';

const SECRET = 'retail-gate-metadata';
const volumes = (name: string) => {
  const holder = model.find((resource) => resource.name === name) as Resource;
  return alteredIn(model, name, [
    [...mainOf(holder).slice(0, -2), 'volumes'],
    [{ name: 'metadata', secret: { secretName: SECRET } }],
  ]);
};

const reading = (account: string, namespace: string, rule: object): readonly Resource[] => [
  ...model,
  workload('Deployment', of('reporter', 'monitoring')),
  kubernetes('rbac.authorization.k8s.io/v1:Role', 'reads', {
    metadata: { namespace: 'millrace-delivery' },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], ...rule }],
  }),
  kubernetes('rbac.authorization.k8s.io/v1:RoleBinding', 'reads', {
    metadata: { namespace: 'millrace-delivery' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reads' },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  }),
];
const owning = (kind: 'Job' | 'CronJob' | 'Deployment'): readonly Resource[] => [
  ...model,
  kubernetes('external-secrets.io/v1:ExternalSecret', 'registry-layout-metadata', {
    metadata: { namespace: 'millrace-registry', labels: { [MODEL.grants]: 'own-tables' } },
  }),
  workload(kind, of('registry-layout', 'registry'), {
    volumes: [{ name: 'metadata', secret: { secretName: 'registry-layout-metadata' } }],
  }),
];
const byName = { resourceNames: [SECRET] };

export const fixtures: Fixtures = {
  passing: [
    { title: 'the gate alone', resources: model },
    { title: 'the gate reads it through the API', resources: reading('gate', 'millrace-delivery', byName) },
    { title: 'the run that makes the tables owns them', resources: owning('Job') },
    { title: 'another reads another', resources: reading('reporter', 'millrace-monitoring', { resourceNames: ['other'] }) },
  ],
  violating: [
    {
      title: 'nobody knows who promotes',
      resources: alteredIn(model, SECRET, [['metadata', 'labels', MODEL.grants], undefined]),
    },
    { title: 'no credentials', resources: without(model, SECRET) },
    { title: 'the trainer', resources: volumes('retrain') },
    { title: 'the monitor', resources: volumes('monitor') },
    { title: 'one who reads it through the API', resources: reading('reporter', 'millrace-monitoring', byName) },
    { title: 'a service that owns the tables', resources: owning('Deployment') },
    { title: 'a schedule that owns the tables', resources: owning('CronJob') },
  ],
};
