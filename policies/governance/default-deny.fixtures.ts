import { alteredIn, without } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { kubernetes, namespace } from '../samples.ts';

const DENY = 'millrace-serving-default-deny';
const stack = namespace('serving');
const edge = (ports: unknown) =>
  kubernetes('networking.k8s.io/v1:NetworkPolicy', 'edge', {
    metadata: { namespace: 'millrace-serving' },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'exporter' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/16' } }], ...(ports === undefined ? {} : { ports }) }],
    },
  });

const others = kubernetes('core/v1:Namespace', 'keda', {
  metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } },
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'denied both ways', resources: stack },
    {
      title: 'a namespace of others, which the stack puts nothing into',
      resources: [...stack, others],
    },
    { title: 'an edge with a port', resources: [...stack, edge([{ port: 6379, protocol: 'TCP' }])] },
    { title: 'an edge with a named port', resources: [...stack, edge([{ port: 'redis', protocol: 'TCP' }])] },
  ],
  violating: [
    { title: 'no policy in the namespace', resources: without(stack, DENY), previewOnly: true },
    {
      title: 'only ingress denied',
      resources: alteredIn(stack, DENY, [['spec', 'policyTypes'], ['Ingress']]),
      previewOnly: true,
    },
    {
      title: 'a policy of another namespace',
      resources: alteredIn(stack, DENY, [['metadata', 'namespace'], 'millrace-lake']),
      previewOnly: true,
    },
    { title: 'an edge to every port', resources: [...stack, edge(undefined)] },
    { title: 'a protocol without a port', resources: [...stack, edge([{ protocol: 'TCP' }])] },
    { title: 'a range of ports', resources: [...stack, edge([{ port: 1024, endPort: 65_535, protocol: 'TCP' }])] },
  ],
};
