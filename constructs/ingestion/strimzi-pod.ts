import { nodeSelector } from '../cluster/node-selector.ts';
import type { Site } from '../site.ts';

/** Strimzi's templates of the pods it makes, so that the `restricted` level admits them whatever the operator's own settings. */
export const restrictedContainer = {
  securityContext: {
    allowPrivilegeEscalation: false,
    privileged: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
} as const;

const restrictedPod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } as const;

/** The user of Strimzi's images is their own. */
export const restricted = (site: Site, priority: 'ingestion') => ({
  priorityClassName: `millrace-${priority}`,
  terminationGracePeriodSeconds: 120,
  enableServiceLinks: false,
  securityContext: restrictedPod,
  affinity: onCpuNodes(site),
});

/** Of pods with disks: the group of that user owns them, as Strimzi has it where it is given no security context. */
export const ownsDisks = { ...restrictedPod, fsGroup: 0, fsGroupChangePolicy: 'OnRootMismatch' } as const;

/** Strimzi knows no selector of nodes, only this. */
function onCpuNodes({ dials }: Site) {
  const labels = Object.entries(nodeSelector(dials.providers.nodes, 'cpu') ?? {});
  if (labels.length === 0) return {};
  const matchExpressions = labels.map(([key, value]) => ({ key, operator: 'In', values: [value] }));
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } } };
}

/** Over nodes and zones; where a zone may be lost, no two of a majority in one. */
export const spread = (site: Site, matchLabels: Readonly<Record<string, string>>) => ({
  affinity: {
    ...onCpuNodes(site),
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } } },
      ],
    },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: site.dials.highAvailability ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector: { matchLabels },
    },
  ],
});
