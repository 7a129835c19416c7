import { POOL } from '../../app/usecases/annotations.ts';

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

/** The user of Strimzi's images is their own; its group owns the disks. */
export const restricted = (priority: 'ingestion') => ({
  priorityClassName: `millrace-${priority}`,
  terminationGracePeriodSeconds: 120,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  affinity: onCpuNodes,
});

const onCpuNodes = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: POOL, operator: 'In', values: ['cpu'] }] }],
    },
  },
} as const;

/** Over nodes and zones; where a zone may be lost, no two of a majority in one. */
export const spread = (matchLabels: Readonly<Record<string, string>>, strict: boolean) => ({
  affinity: {
    ...onCpuNodes,
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
      whenUnsatisfiable: strict ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector: { matchLabels },
    },
  ],
});
