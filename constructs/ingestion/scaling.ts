import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { sizeOf } from '../cluster/size.ts';
import { namedOf, workloadName } from '../cluster/workload.ts';
import { credentialsOf } from '../governance/credentials.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';

/** Records that one replica may lie behind: some seconds of its work. */
const LAG = 5_000;
const POLL_SECONDS = 15;
const CALM_SECONDS = 300;

/** The most replicas of a consumer that ever have work: as many as its widest topic has partitions. */
export function widest(site: Site, usecase: UseCase, { consumes = [] }: WorkloadDeclaration): number {
  const partitions = site.plan.usecases[usecase.name]?.partitions;
  return Math.max(1, ...consumes.map(({ topic }) => partitions?.[topic]?.value ?? 1));
}

/** A consumer's replicas follow its lag, topic by topic, between the plan's bounds and never above the partitions. */
export function scaleOnLag(scope: Construct, site: Site, usecase: UseCase, declaration: WorkloadDeclaration): void {
  const { min, max } = sizeOf(site, usecase.name, declaration);
  const most = Math.min(max, widest(site, usecase, declaration));
  const name = workloadName(usecase.name, declaration);
  const metadata = {
    name,
    namespace: namespaceOf(declaration.layer),
    labels: labelsOf(namedOf(usecase.name, declaration), site.dials.owner),
  };
  const { log } = site.endpoints;
  customObject(scope, `${declaration.name}-lag-access`, 'keda.sh/v1alpha1 TriggerAuthentication', {
    metadata,
    spec: lagAccess(site, usecase, declaration),
  });
  customObject(scope, `${declaration.name}-scaling`, 'keda.sh/v1alpha1 ScaledObject', {
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      pollingInterval: POLL_SECONDS,
      cooldownPeriod: CALM_SECONDS,
      minReplicaCount: Math.min(min, most),
      maxReplicaCount: most,
      // Where lag cannot be read, as many as ever had work: late is worse than idle.
      fallback: { failureThreshold: 4, replicas: most },
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: {
            // Each change of members stops the group for seconds.
            scaleUp: { stabilizationWindowSeconds: 60 },
            scaleDown: { stabilizationWindowSeconds: CALM_SECONDS },
          },
        },
      },
      triggers: (declaration.consumes ?? []).map(({ topic, group }) => ({
        type: 'kafka',
        metadata: {
          bootstrapServers: log.address ?? `${log.host}:${log.port}`,
          consumerGroup: group,
          topic,
          lagThreshold: String(LAG),
          offsetResetPolicy: 'earliest',
          allowIdleConsumers: 'false',
          tls: 'enable',
          ...(site.dials.providers.log === 'msk'
            ? { sasl: 'oauthbearer', saslTokenProvider: 'aws_msk_iam', awsRegion: site.dials.aws?.region ?? '' }
            : { sasl: 'scram_sha512' }),
        },
        authenticationRef: { name },
      })),
    },
  });
}

/** Lag is read with the workload's own password; on MSK, which knows none, with the identity of KEDA's own pods. */
function lagAccess(site: Site, usecase: UseCase, declaration: WorkloadDeclaration): Readonly<Record<string, unknown>> {
  if (site.dials.providers.log === 'msk') return { podIdentity: { provider: 'aws' } };
  const credential = credentialsOf(site, usecase.name, declaration).find(({ opens }) => opens === 'log');
  if (credential === undefined)
    throw new RangeError(`Workload '${declaration.name}' consumes topics but declares no read of the log`);
  const parameter = (parameter: string, key: string) => ({ parameter, name: credential.secret, key });
  return {
    secretTargetRef: [
      parameter('username', 'username'),
      parameter('password', 'password'),
      ...('ca.crt' in credential.files ? [parameter('ca', 'ca.crt')] : []),
    ],
  };
}
