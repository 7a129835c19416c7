import type { input } from '@pulumi/kubernetes/types/index.js';
import type { Construct } from 'constructs';
import { BELONGS } from '../../app/usecases/annotations.ts';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { type Endpoint, namespaceOf, PLATFORM } from '../site.ts';

type Peer = input.networking.v1.NetworkPolicyPeer;

export interface NetworkProps extends Named {
  readonly owner: string;
  /** Selects the pods. @default by the workload's own labels */
  readonly pods?: Readonly<Record<string, string>>;
  /** Ports that others in `from` may reach. */
  readonly ingress?: readonly { readonly from: readonly Peer[]; readonly ports: readonly number[] }[];
  /** Everything it may reach, besides the name service. */
  readonly egress: readonly Endpoint[];
}

const in_ = (namespace: string): Peer => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } });

/** Pods of a namespace, by label. */
export const pods = (namespace: string, labels: Readonly<Record<string, string>>): Peer => ({
  ...in_(namespace),
  podSelector: { matchLabels: { ...labels } },
});

export const wholeNamespace = in_;

/** Labels by which a pod is let in where it is going, for those stores that admit by label. */
export const reaching = (endpoints: readonly Endpoint[]): Record<string, string> =>
  Object.fromEntries(endpoints.flatMap(({ admits }) => (admits === undefined ? [] : [[admits, 'true']])));

/** Pods of the platform, in whichever namespace, that carry the label of a store. */
export const admitted = (label: string): Peer => ({
  namespaceSelector: { matchLabels: { [BELONGS]: PLATFORM } },
  podSelector: { matchLabels: { [label]: 'true' } },
});

/**
 * One workload's network: what may reach it, what it may reach, nothing else either way (the namespace denies by default).
 * For each store it reaches in this cluster, the store's side of the edge is opened too: by a policy that belongs to the
 * caller, or by the label that the store's own policy lets in (`reaching`). Either way an edge goes when its caller goes.
 */
export function network(scope: Construct, id: string, props: NetworkProps): void {
  const namespace = namespaceOf(props.layer);
  const mine = { ...(props.pods ?? selectorOf(props)) };
  const name = props.usecase === undefined ? props.name : `${props.usecase}-${props.name}`;
  const labels = labelsOf(props, props.owner);
  object(scope, id, 'networking.k8s.io/v1 NetworkPolicy', {
    metadata: { name, namespace, labels },
    spec: {
      podSelector: { matchLabels: mine },
      policyTypes: ['Ingress', 'Egress'],
      ingress: (props.ingress ?? []).map(({ from, ports }) => ({
        from: [...from],
        ports: ports.map((port) => ({ port, protocol: 'TCP' })),
      })),
      egress: [
        {
          to: [pods('kube-system', { 'k8s-app': 'kube-dns' })],
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
        ...waysTo(props.egress),
      ],
    },
  });
  for (const endpoint of props.egress) {
    if (endpoint.pods === undefined || endpoint.admits !== undefined || !isOurs(endpoint.pods.namespace)) continue;
    object(scope, `${id}-to-${endpoint.name}`, 'networking.k8s.io/v1 NetworkPolicy', {
      metadata: { name: `${name}-to-${endpoint.name}`, namespace: endpoint.pods.namespace, labels },
      spec: {
        podSelector: { matchLabels: { ...endpoint.pods.labels } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [pods(namespace, mine)], ports: portsOf(endpoint) }],
      },
    });
  }
}

/** Two endpoints may lie behind the same way, e.g. two services of AWS at the network's own addresses. */
function waysTo(endpoints: readonly Endpoint[]) {
  const ways = endpoints.map((endpoint) => ({ to: peersOf(endpoint), ports: portsOf(endpoint) }));
  return new Map(ways.map((way) => [JSON.stringify(way), way])).values();
}

const portsOf = ({ port, morePorts = [] }: Endpoint) => [port, ...morePorts].map((number) => ({ port: number, protocol: 'TCP' }));

/** A policy in a namespace of others would close it to everyone else: they open it themselves. */
const isOurs = (namespace: string): boolean => namespace.startsWith(namespaceOf(''));

const peersOf = (endpoint: Endpoint): Peer[] => [
  ...(endpoint.pods === undefined ? [] : [pods(endpoint.pods.namespace, endpoint.pods.labels)]),
  ...(endpoint.ranges ?? []).map((cidr) => ({ ipBlock: { cidr } })),
];
