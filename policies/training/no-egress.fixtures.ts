import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn, without } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { model } from '../model-samples.ts';

const NETWORK = 'retrain-network';
const ports = [{ port: 443, protocol: 'TCP' }];
const out = (to: unknown, over: unknown = ports) => alteredIn(model, NETWORK, [['spec', 'egress', 3], { to, ports: over }]);
const range = (cidr: string) => out([{ ipBlock: { cidr } }]);
const pods = (namespace: string, labels?: object) => [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    ...(labels && { podSelector: { matchLabels: labels } }),
  },
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'lake, registry and the name service', resources: model },
    { title: 'the broker', resources: out(pods('millrace-ingestion', { 'strimzi.io/kind': 'Kafka' })) },
    {
      title: 'a public range that is the lake’s',
      resources: alteredIn(range('52.219.0.0/16'), NETWORK, [
        ['metadata', 'annotations', MODEL.egressRanges],
        'lake=52.219.0.0/16',
      ]),
    },
  ],
  violating: [
    { title: 'no policy', resources: without(model, NETWORK) },
    {
      title: 'a policy of what comes in only',
      resources: alteredIn(model, NETWORK, [['spec', 'policyTypes'], ['Ingress']], [['spec', 'egress'], undefined]),
    },
    {
      title: 'a policy of other pods',
      resources: alteredIn(model, NETWORK, [['spec', 'podSelector', 'matchLabels', 'app.kubernetes.io/name'], 'other']),
    },
    {
      title: 'a policy of another namespace',
      resources: alteredIn(model, NETWORK, [['metadata', 'namespace'], 'millrace-lake']),
    },
    { title: 'a public range', resources: range('52.219.0.0/16') },
    { title: 'a single public address', resources: range('203.0.113.7/32') },
    { title: 'pods of serving', resources: out(pods('millrace-serving', { 'app.kubernetes.io/name': 'serving' })) },
    { title: 'the name service at another port', resources: out(pods('kube-system', { 'k8s-app': 'kube-dns' })) },
  ],
};
