import type { Construct } from 'constructs';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { type NetworkProps, network } from './edges.ts';
import { type PodProps, podTemplate, serviceAccountOf } from './pod.ts';

export interface MemberSetProps extends Named {
  readonly site: Site;
  readonly replicas: number;
  readonly pod: Omit<PodProps, keyof Named | 'owner' | 'nodes'>;
  /** Size of each member's disk, and where it is mounted. @default none */
  readonly disk?: { readonly size: string; readonly mountPath: string };
  /** Ports of the Service by which members and clients find each other. */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly ingress: NonNullable<NetworkProps['ingress']>;
  readonly egress: NetworkProps['egress'];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Members with a name and a disk of their own, a headless Service, a budget, an account and a network: what a store stands on. */
export function memberSet(scope: Construct, id: string, props: MemberSetProps): void {
  const { site, replicas, pod, disk, ports, ingress, egress, annotations, ...named } = props;
  const owner = site.dials.owner;
  const metadata = { name: named.name, namespace: namespaceOf(named.layer), labels: labelsOf(named, owner) };
  const selector = { matchLabels: selectorOf(named) };
  object(scope, `${id}-account`, 'v1 ServiceAccount', {
    metadata: { ...metadata, name: serviceAccountOf(named) },
    automountServiceAccountToken: false,
  });
  network(scope, `${id}-network`, { ...named, owner, ingress, egress });
  object(scope, `${id}-service`, 'v1 Service', {
    metadata,
    spec: {
      clusterIP: 'None',
      // A member that is not ready yet must find the others to get ready.
      publishNotReadyAddresses: true,
      selector: selectorOf(named),
      ports: ports.map(({ name, port }) => ({ name, port, targetPort: name, protocol: 'TCP' })),
    },
  });
  object(scope, `${id}-budget`, 'policy/v1 PodDisruptionBudget', {
    metadata,
    spec: { minAvailable: Math.max(0, replicas - 1), unhealthyPodEvictionPolicy: 'AlwaysAllow', selector },
  });
  object(scope, id, 'apps/v1 StatefulSet', {
    metadata: { ...metadata, ...(annotations && { annotations }) },
    spec: {
      serviceName: named.name,
      replicas,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 5,
      selector,
      template: podTemplate({
        ...named,
        owner,
        nodes: site.dials.providers.nodes,
        ...pod,
        mounts: [...(pod.mounts ?? []), ...(disk === undefined ? [] : [{ name: 'data', mountPath: disk.mountPath }])],
      }),
      ...(disk !== undefined && { volumeClaimTemplates: [claim(site, labelsOf(named, owner), disk.size)] }),
    },
  });
}

const claim = ({ dials }: Site, labels: Record<string, string>, storage: string) => ({
  metadata: { name: 'data', labels },
  spec: {
    accessModes: ['ReadWriteOnce'],
    ...(dials.storageClass !== undefined && { storageClassName: dials.storageClass }),
    resources: { requests: { storage } },
  },
});
