import { OPERATOR_CHARTS } from '../cluster/operator-charts.ts';
import type { Dials } from '../dials.ts';
import type { ApiServer } from './api-server.ts';
import type { Needs } from './needs.ts';

interface DeploymentList {
  readonly items: readonly { readonly status?: { readonly availableReplicas?: number } }[];
}

/**
 * Where operators are there already: the namespaces of those that the environment counts on in which no Deployment is
 * available, and what the caller was not allowed to see. An operator may just be starting anew, so this refuses nothing.
 */
export async function checkRunning(server: Pick<ApiServer, 'read'>, { operators }: Dials, { kinds }: Pick<Needs, 'kinds'>) {
  const groups = new Set(kinds.map(({ apiVersion }) => apiVersion.split('/')[0]));
  const counted = Object.values(OPERATOR_CHARTS).filter(({ group }) => group !== undefined && groups.has(group));
  const idle: string[] = [];
  const unseen: string[] = [];
  if (operators.from !== 'present') return { idle, unseen };
  const namespaces = [...new Set(counted.map(({ namespace }) => namespace))];
  const found = await Promise.all(
    namespaces.map((namespace) => server.read<DeploymentList>(`/apis/apps/v1/namespaces/${namespace}/deployments`)),
  );
  for (const [index, namespace] of namespaces.entries()) {
    const list = found[index];
    if (list === undefined) unseen.push(`deployments of ${namespace}`);
    else if (!list.items.some(({ status }) => (status?.availableReplicas ?? 0) > 0)) idle.push(namespace);
  }
  return { idle, unseen };
}
