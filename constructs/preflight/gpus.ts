import { DEVICE_PLUGIN_TAINT, GPU } from '../../app/usecases/annotations.ts';
import type { Dials } from '../dials.ts';
import type { ApiServer } from './api-server.ts';

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
}
interface DaemonSetList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly containers: readonly { readonly image: string }[];
          readonly tolerations?: readonly Toleration[];
        };
      };
    };
  }[];
}
interface ClusterPolicyList {
  readonly items: readonly { readonly spec?: { readonly daemonsets?: { readonly tolerations?: readonly Toleration[] } } }[];
}

/** What GPU nodes cannot do without: who makes it, what it is for. */
const PARTS = [
  { name: "NVIDIA's device plugin", is: /nvidia.*device-plugin|k8s-device-plugin/, without: 'no node ever has a GPU to give' },
  { name: "DCGM's exporter", is: /dcgm-exporter/, without: 'no alert on an idle GPU ever fires' },
] as const;

/**
 * What the cluster lacks for GPU nodes, where the dials allow any: device plugin and exporter, of their own charts or by NVIDIA's GPU
 * operator, each tolerating what new nodes start with. The operator makes them only once there is a node, so that it counts for both;
 * and who brings a plugin may do so in a way of his own, so this refuses nothing.
 */
export async function checkGpus(server: Pick<ApiServer, 'read'>, { gpu }: Dials) {
  const gpus: string[] = [];
  const unseen: string[] = [];
  if (gpu.maxNodes === 0) return { gpus, unseen };
  const [sets, policies] = await Promise.all([
    server.read<DaemonSetList>('/apis/apps/v1/daemonsets'),
    server.read<ClusterPolicyList>('/apis/nvidia.com/v1/clusterpolicies'),
  ]);
  if (sets === undefined) return { gpus, unseen: ['daemonsets'] };
  const operator = policies?.items[0];
  const taints = [GPU, ...(gpu.readiness === 'taint' ? [DEVICE_PLUGIN_TAINT] : [])];
  const untolerated = (tolerations: readonly Toleration[] = []) =>
    taints.filter((taint) => !tolerations.some((one) => tolerates(one, taint)));
  for (const { name, is, without } of PARTS) {
    const found = sets.items.find(
      ({ metadata, spec }) => is.test(metadata.name) || spec.template.spec.containers.some(({ image }) => is.test(image)),
    );
    if (found === undefined && operator === undefined) gpus.push(`${name} is not there: ${without}`);
    const refused = untolerated(found?.spec.template.spec.tolerations ?? operator?.spec?.daemonsets?.tolerations);
    if ((found ?? operator) !== undefined && refused.length > 0)
      gpus.push(`${name} does not tolerate ${refused.join(' and ')}, so that it starts on no new node: ${without}`);
  }
  return { gpus, unseen };
}

const tolerates = ({ key, operator, effect }: Toleration, taint: string): boolean =>
  (key === taint || (key === undefined && operator === 'Exists')) && (effect === undefined || effect === 'NoSchedule');
