import type { Dials } from '../dials.ts';
import { stackError } from '../errors.ts';
import { amountOf, shownAmount } from './amount.ts';
import type { ApiServer } from './api-server.ts';
import type { Needs, StandingPods } from './needs.ts';

interface QuotaList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
  }[];
}
interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly effect: string }[] };
    readonly status?: { readonly allocatable?: Readonly<Record<string, string>> };
  }[];
}

/**
 * The pods that the plan stands up have room: in every quota that somebody else put on our namespaces, and, where the stack
 * makes no nodes, on those of the cluster. Returns what the caller was not allowed to see. @throws MR_STACK_QUOTA
 */
export async function checkRoom(server: ApiServer, { providers }: Dials, needs: Needs): Promise<readonly string[]> {
  const namespaces = [...new Set(needs.pods.map(({ namespace }) => namespace))];
  const quotas = await Promise.all(
    namespaces.map((namespace) => server.read<QuotaList>(`/api/v1/namespaces/${namespace}/resourcequotas`)),
  );
  const faults = quotas.flatMap((list) => (list?.items ?? []).flatMap((quota) => beyondQuota(quota, needs)));
  const unseen = quotas.flatMap((list, index) => (list === undefined ? [`quotas of ${namespaces[index]}`] : []));
  if (providers.nodes === 'existing') {
    const nodes = await server.read<NodeList>('/api/v1/nodes');
    if (nodes === undefined) unseen.push('nodes');
    else faults.push(...beyondNodes(nodes, needs.pods));
  }
  const [first] = faults;
  if (first === undefined) return unseen;
  throw stackError(
    'MR_STACK_QUOTA',
    `The plan asks for more than there is:\n${faults.map((fault) => `  ${fault.where}: ${fault.resource} ${fault.needed}, of ${fault.given}`).join('\n')}`,
    { field: `${first.where} ${first.resource}`, value: first.needed, expected: `at most ${first.given}` },
  );
}

interface Fault {
  readonly where: string;
  readonly resource: string;
  readonly needed: string;
  readonly given: string;
}

const total = (pods: readonly StandingPods[], resource: string): number =>
  resource === 'pods'
    ? pods.reduce((sum, { count }) => sum + count, 0)
    : pods.reduce((sum, { count, requests }) => sum + count * (requests[resource] ?? 0), 0);

function beyondQuota({ metadata, spec }: QuotaList['items'][number], { pods, ownQuotas }: Needs): Fault[] {
  const { name, namespace } = metadata;
  if (ownQuotas.has(`${namespace}/${name}`)) return []; // the stack sets it anew
  const inside = pods.filter((one) => one.namespace === namespace);
  return Object.entries(spec?.hard ?? {}).flatMap(([resource, hard]) => {
    const needed = total(inside, resource.replace(/^requests\./, ''));
    const given = amountOf(hard);
    if (given === undefined || needed <= given) return [];
    return [{ where: `quota ${namespace}/${name}`, resource, needed: shownAmount(resource, needed), given: hard }];
  });
}

/** All of them together, and the largest of them on any one node. */
function beyondNodes({ items }: NodeList, pods: readonly StandingPods[]): Fault[] {
  const open = items.filter(
    ({ spec }) =>
      spec?.unschedulable !== true &&
      !(spec?.taints ?? []).some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
  );
  return ['cpu', 'memory'].flatMap((resource) => {
    const rooms = open.map(({ status }) => amountOf(status?.allocatable?.[resource]) ?? 0);
    const fault = (where: string, needed: number, given: number): Fault[] =>
      needed <= given ? [] : [{ where, resource, needed: shownAmount(resource, needed), given: shownAmount(resource, given) }];
    const largest = Math.max(0, ...rooms);
    return [
      ...fault(
        `all ${open.length} nodes without a taint`,
        total(pods, resource),
        rooms.reduce((sum, room) => sum + room, 0),
      ),
      ...pods.flatMap(({ object, requests }) =>
        fault(`the largest node, for one pod of ${object}`, requests[resource] ?? 0, largest),
      ),
    ];
  });
}
