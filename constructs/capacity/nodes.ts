import { figure, shown } from './figure.ts';
import type { Bounds, NodePool, PlatformPlan, WorkloadPlan } from './plan.ts';
import { sum } from './platform.ts';
import type { Pods } from './pods.ts';

/** Of equal nodes a larger load always means more of them, so one size stands for all that is always there. */
const STANDING = { instance: 'm7i.xlarge', vcpus: 4, memoryGiB: 16 } as const;

/** Each twice the one before in processors and memory. */
const TRAINING = [
  STANDING,
  { instance: 'm7i.2xlarge', vcpus: 8, memoryGiB: 32 },
  { instance: 'm7i.4xlarge', vcpus: 16, memoryGiB: 64 },
  { instance: 'm7i.8xlarge', vcpus: 32, memoryGiB: 128 },
  { instance: 'm7i.16xlarge', vcpus: 64, memoryGiB: 256 },
] as const;

/** One accelerator each. */
const ACCELERATED = [
  { instance: 'g5.xlarge', vcpus: 4, memoryGiB: 16 },
  { instance: 'g5.2xlarge', vcpus: 8, memoryGiB: 32 },
  { instance: 'g5.4xlarge', vcpus: 16, memoryGiB: 64 },
  { instance: 'g5.8xlarge', vcpus: 32, memoryGiB: 128 },
  { instance: 'g5.16xlarge', vcpus: 64, memoryGiB: 256 },
] as const;

/** Of a node, what the system, the kubelet and the agents on every node leave to pods. */
const ALLOCATABLE = 0.85;

interface Need {
  readonly millicores: number;
  readonly mebibytes: number;
}

/** What runs in the cluster besides use cases, as a number of pods of one size. */
export function platformPods(platform: Omit<PlatformPlan, 'nodes' | 'monthlyCost'>, bounds: Bounds): readonly Need[] {
  const { kafka, valkey, postgres, registry } = platform;
  const several = (count: number, { cpu, memory }: Pick<WorkloadPlan, 'cpu' | 'memory'>): Need => ({
    millicores: count * cpu.value,
    mebibytes: count * memory.value,
  });
  const services = [
    several(kafka.brokers.value + kafka.controllers.value, kafka),
    several(valkey.shards.value * (1 + valkey.replicas.value), valkey),
    several(postgres.instances.value, postgres),
  ];
  // Operators, Prometheus, Alertmanager, Grafana and the telemetry collector (assumed).
  const operators: Need = { millicores: 2_000, mebibytes: 6_144 };
  return [several(registry.replicas.max.value, registry), operators, ...(bounds.target === 'kubernetes' ? services : [])];
}

/** These need more memory than all that stands, for an hour a night. */
const LARGE: readonly string[] = ['retrain', 'gate', 'robustness'];

/** Nodes for all pods at their fewest and at their most, and two pools that stand empty until a training asks for them. */
export function nodesOf(pods: readonly Pods[], platform: readonly Need[], bounds: Bounds): PlatformPlan['nodes'] {
  const plans = pods.flatMap(({ workloads }) =>
    Object.entries(workloads).flatMap(([name, plan]) => (LARGE.includes(name) ? [] : [plan])),
  );
  const need = (which: 'min' | 'max'): Need => ({
    millicores:
      sum(plans, ({ cpu, replicas }) => cpu.value * replicas[which].value) + sum(platform, ({ millicores }) => millicores),
    mebibytes:
      sum(plans, ({ memory, replicas }) => memory.value * replicas[which].value) + sum(platform, ({ mebibytes }) => mebibytes),
  });
  const fewest = bounds.highAvailability ? 3 : 1;
  const count = ({ millicores, mebibytes }: Need) => {
    const byCpu = Math.ceil(millicores / 1_000 / (STANDING.vcpus * ALLOCATABLE));
    const byMemory = Math.ceil(mebibytes / 1_024 / (STANDING.memoryGiB * ALLOCATABLE));
    return Math.max(fewest, byCpu, byMemory);
  };
  const text = ({ millicores, mebibytes }: Need) =>
    `${shown(millicores / 1_000)} cores and ${shown(mebibytes / 1_024)} GiB asked for, ${ALLOCATABLE * 100} % of a node given, at least ${fewest}`;
  const accelerated = pods.filter(({ training }) => training.gpu.value > 0);
  return {
    cpu: {
      ...STANDING,
      gpus: 0,
      min: figure(count(need('min')), 'nodes', `every workload at its fewest: ${text(need('min'))}`),
      max: figure(count(need('max')) + 1, 'nodes', `every workload at its most: ${text(need('max'))}; one more to roll over to`),
    },
    // The gate of an accelerated trainer still fits anew, on processors.
    training: fromZero({ ...smallest(TRAINING, pods), gpus: 0 }, pods.length, 'trains or gates'),
    gpu: fromZero({ ...smallest(ACCELERATED, accelerated), gpus: 1 }, accelerated.length, 'asks for an accelerator'),
  };
}

const fromZero = (size: Omit<NodePool, 'min' | 'max'>, trainers: number, wish: string): NodePool => ({
  ...size,
  min: figure(0, 'nodes', 'from zero: a node comes with the training that asks for it'),
  max: figure(
    trainers,
    'nodes',
    trainers === 0 ? `no model ${wish}` : `${trainers} ${trainers === 1 ? 'model' : 'models, perhaps at the same hour,'} ${wish}`,
  ),
});

interface Size {
  readonly instance: string;
  readonly vcpus: number;
  readonly memoryGiB: number;
}

/** The smallest size that fits the largest training; the largest where none does. */
function smallest(sizes: readonly [Size, ...Size[]], pods: readonly Pods[]): Size {
  const cores = Math.max(0, ...pods.map(({ training }) => training.cpu.value)) / 1_000;
  const memory = Math.max(0, ...pods.map(({ training }) => training.memory.value)) / 1_024;
  const fits = sizes.find((size) => size.vcpus * ALLOCATABLE >= cores && size.memoryGiB * ALLOCATABLE >= memory);
  return fits ?? sizes.at(-1) ?? sizes[0];
}
