import { shown } from './figure.ts';
import type { CapacityPlan, Compute, Figure, NodePool, UseCasePlan, WorkloadPlan } from './plan.ts';

type Line = readonly [what: string, value: string, because: string];

const text = ({ value, unit }: Figure): string => `${shown(value)} ${unit}`;
const line = (what: string, figure: Figure): Line => [what, text(figure), figure.because];

/** A plan as aligned columns: what, how much, why. */
export function planText(plan: CapacityPlan): string {
  const { load, bounds, platform } = plan;
  const { low, high, currency, because, lines } = platform.monthlyCost;
  const head = [
    `${shown(load.dailyUsers)} users a day × ${shown(load.eventsPerUser)} events, peak ${shown(load.peakFactor)}×, log kept ${load.retentionDays} days`,
    `target ${bounds.target}, ${bounds.highAvailability ? 'highly available' : 'one of each is enough'}`,
  ].join('; ');
  const cost = lines.map(({ name, low, high, because }): Line => [name, `${shown(low)} to ${shown(high)} ${currency}`, because]);
  const sections: readonly (readonly [string, readonly Line[]])[] = [
    ...Object.values(plan.usecases).map((usecase) => [usecase.name, usecaseLines(usecase)] as const),
    ['platform', platformLines(plan)],
    ['a month', [...cost, ['together', `${shown(low)} to ${shown(high)} ${currency}`, because]]],
  ];
  const all = sections.flatMap(([, lines]) => lines);
  const widths = [0, 1].map((column) => Math.max(...all.map((one) => (one[column] ?? '').length)));
  const row = ([what, value, why]: Line) => `  ${what.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${why}`;
  return [head, ...sections.flatMap(([name, lines]) => ['', name, ...lines.map(row)])].join('\n');
}

function usecaseLines(plan: UseCasePlan): readonly Line[] {
  return [
    line('peak events', plan.peakEvents),
    line('peak requests', plan.peakRequests),
    line('serving capacity', plan.servingCapacity),
    line('log growth', plan.logGrowth),
    line('lake growth', plan.lakeGrowth),
    line('online rows', plan.onlineRows),
    ...Object.entries(plan.partitions).map(([topic, figure]) => line(topic, figure)),
    ...Object.entries(plan.workloads).flatMap(([name, workload]) => workloadLines(name, workload)),
    line('training accelerators', plan.training.gpu),
  ];
}

function workloadLines(name: string, { replicas, ...compute }: WorkloadPlan): readonly Line[] {
  const { min, max } = replicas;
  const count: Line = [name, `${shown(min.value)} to ${shown(max.value)} replicas`, max.because];
  return [count, ...computeLines(name, compute)];
}

const computeLines = (name: string, { cpu, memory }: Compute): readonly Line[] => [
  line(`${name} cpu`, cpu),
  line(`${name} memory`, memory),
];

function platformLines({ platform }: CapacityPlan): readonly Line[] {
  const { kafka, valkey, postgres, lake, registry, nodes } = platform;
  const pool = (name: string, { instance, min, max }: NodePool): Line => [
    name,
    `${shown(min.value)} to ${shown(max.value)} × ${instance}`,
    max.because,
  ];
  return [
    line('zones', platform.zones),
    line('kafka brokers', kafka.brokers),
    line('kafka controllers', kafka.controllers),
    line('kafka disk, each', kafka.storagePerBroker),
    line('valkey shards', valkey.shards),
    line('valkey replicas', valkey.replicas),
    line('valkey maxmemory, each', valkey.maxMemory),
    line('valkey memory, each', valkey.memory),
    line('postgres instances', postgres.instances),
    line('postgres disk', postgres.storage),
    line('lake growth', lake.growth),
    line('lake in the end', lake.held),
    line('releases', registry.storage),
    ...workloadLines('registry', registry),
    pool('nodes', nodes.cpu),
    pool('training nodes', nodes.training),
    pool('accelerator nodes', nodes.gpu),
  ];
}
