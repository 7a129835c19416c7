import type { Construct } from 'constructs';
import { ACROSS, DATA_LAYERS } from '../../app/layers.ts';
import { BELONGS, COST_CENTRE, ENVIRONMENT, GPU } from '../../app/usecases/annotations.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';

/** Layers with something that runs or is kept of their own. Validation runs inside ingestion and lake. */
export const NAMESPACED = [...DATA_LAYERS.filter((layer) => layer !== 'validation'), ACROSS] as const;

/** Version of the pod security standards that is enforced: a newer API server does not tighten it unasked. */
const STANDARD = 'v1.34';
const PODS = 200;
const CLAIMS = 30;
const CLAIMED = '50Ti';

/** A closed room for each layer: restricted pods, no traffic either way, bounded containers, a share of the nodes. */
export function namespaces(scope: Construct, site: Site): void {
  for (const layer of NAMESPACED) {
    const namespace = namespaceOf(layer);
    const labels = labelsOf({ name: namespace, layer }, site.dials.owner);
    object(scope, namespace, 'v1 Namespace', {
      metadata: {
        name: namespace,
        labels: {
          ...labels,
          [BELONGS]: PLATFORM,
          [ENVIRONMENT]: site.dials.environment,
          [COST_CENTRE]: site.dials.costCentre,
          ...podSecurity(),
        },
      },
    });
    object(scope, `${namespace}-default-deny`, 'networking.k8s.io/v1 NetworkPolicy', {
      metadata: { name: 'default-deny', namespace, labels },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    // For pods that operators make: our own say all of it themselves.
    object(scope, `${namespace}-defaults`, 'v1 LimitRange', {
      metadata: { name: 'defaults', namespace, labels },
      spec: {
        limits: [
          {
            type: 'Container',
            default: { cpu: '500m', memory: '512Mi', 'ephemeral-storage': '256Mi' },
            defaultRequest: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
          },
        ],
      },
    });
    object(scope, `${namespace}-quota`, 'v1 ResourceQuota', {
      metadata: { name: 'quota', namespace, labels },
      spec: { hard: quotaOf(site, layer) },
    });
  }
}

const podSecurity = (): Record<string, string> =>
  Object.fromEntries(
    ['enforce', 'audit', 'warn'].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, 'restricted'],
      [`pod-security.kubernetes.io/${mode}-version`, STANDARD],
    ]),
  );

/** No namespace asks for more than all the nodes of the plan together; GPUs are for training alone, by the dial. */
function quotaOf({ dials, plan }: Site, layer: string): Record<string, string> {
  const { cpu, training, gpu } = plan.platform.nodes;
  const pools = layer === 'training' || layer === 'delivery' ? [cpu, training, gpu] : [cpu];
  const sum = (of: (pool: (typeof pools)[number]) => number): number =>
    Math.max(
      1,
      pools.reduce((total, pool) => total + of(pool) * pool.max.value, 0),
    );
  const memory = sum(({ memoryGiB }) => memoryGiB);
  return {
    'requests.cpu': String(sum(({ vcpus }) => vcpus)),
    'requests.memory': `${memory}Gi`,
    'limits.memory': `${memory}Gi`,
    [`requests.${GPU}`]: String(layer === 'training' ? dials.gpu.quota : 0),
    pods: String(PODS),
    persistentvolumeclaims: String(CLAIMS),
    'requests.storage': CLAIMED,
    'services.loadbalancers': '0',
    'services.nodeports': '0',
  };
}
