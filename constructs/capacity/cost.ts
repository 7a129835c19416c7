import { HOURS_PER_MONTH, shown } from './figure.ts';
import type { Bounds, CostLine, MonthlyCost, PlatformPlan } from './plan.ts';
import prices from './prices.json' with { type: 'json' };

/** Hours a month that one training's node stands: every night, from one hour to its deadline of four (assumed). */
const NIGHTS = { low: 30, high: 120 } as const;

const { hourly, gibMonth, committedShare } = prices;

/**
 * Low: everything at its fewest, committed for a year, the lake one month old. High: everything at its most all month long, on
 * demand, the lake as full as its retention lets it become. On `kubernetes` the nodes' own price stands for what they cost you.
 */
export function costOf(platform: Omit<PlatformPlan, 'monthlyCost'>, bounds: Bounds): MonthlyCost {
  const { nodes, kafka, lake, registry, zones } = platform;
  const steady = (perHour: number) => ({ low: perHour * HOURS_PER_MONTH * committedShare, high: perHour * HOURS_PER_MONTH });
  const flat = (amount: number) => ({ low: amount, high: amount });
  const node = nodes.cpu.vcpus * hourly.vcpuGeneral;
  const training = nodes.training.vcpus * hourly.vcpuGeneral * nodes.training.max.value;
  const gpu = priced(hourly.gpuNode, nodes.gpu.vcpus) * nodes.gpu.max.value;
  const lines: CostLine[] = [
    {
      name: 'nodes',
      low: node * nodes.cpu.min.value * HOURS_PER_MONTH * committedShare,
      high: node * nodes.cpu.max.value * HOURS_PER_MONTH,
      because: `${nodes.cpu.min.value} to ${nodes.cpu.max.value} ${nodes.cpu.instance} at ${shown(node)} an hour`,
    },
    {
      name: 'training',
      low: training * NIGHTS.low,
      high: training * NIGHTS.high,
      because: `${nodes.training.max.value} ${nodes.training.instance} for ${NIGHTS.low} to ${NIGHTS.high} hours`,
    },
    {
      name: 'accelerators',
      low: gpu * NIGHTS.low,
      high: gpu * NIGHTS.high,
      because: `${nodes.gpu.max.value} ${nodes.gpu.instance} for ${NIGHTS.low} to ${NIGHTS.high} hours`,
    },
    {
      name: 'lake and releases',
      low: (lake.growth.value + registry.storage.value) * gibMonth.object,
      high: (Math.max(lake.held.value, lake.growth.value) + registry.storage.value) * gibMonth.object,
      because: `${shown(lake.growth.value)} GiB after a month, ${shown(lake.held.value)} in the end, at ${gibMonth.object} a GiB`,
    },
  ];
  const disks = kafka.brokers.value * kafka.storagePerBroker.value;
  const { valkey, postgres } = platform;
  if (bounds.target === 'kubernetes') {
    const database = postgres.instances.value * postgres.storage.value;
    lines.push({
      name: 'disks',
      ...flat((disks + database) * gibMonth.block),
      because: `${shown(disks)} GiB of brokers and ${shown(database)} of databases at ${gibMonth.block} a GiB`,
    });
  } else {
    const broker = priced(hourly.kafkaBroker, kafka.cpu.value / 1_000);
    const cacheNodes = valkey.shards.value * (1 + valkey.replicas.value);
    const cache = priced(hourly.cacheNode, valkey.memory.value / 1_024);
    const databases = postgres.instances.value > 1 ? 2 : 1;
    const network = hourly.cluster + zones.value * hourly.natGateway;
    lines.push(
      {
        name: 'event log',
        ...plus(steady(kafka.brokers.value * broker), disks * gibMonth.kafkaDisk),
        because: `${kafka.brokers.value} brokers at ${broker} an hour, ${shown(disks)} GiB at ${gibMonth.kafkaDisk}`,
      },
      { name: 'online store', ...steady(cacheNodes * cache), because: `${cacheNodes} nodes at ${cache} an hour` },
      {
        name: 'metadata',
        ...plus(steady(databases * hourly.database), databases * postgres.storage.value * gibMonth.databaseDisk),
        because: `${databases === 2 ? 'a primary and a standby' : 'one instance'} at ${hourly.database} an hour each`,
      },
      {
        name: 'control plane and gateways',
        ...flat(network * HOURS_PER_MONTH),
        because: `${hourly.cluster} and ${zones.value} × ${hourly.natGateway} an hour`,
      },
    );
  }
  const whole = lines.map((line) => ({ ...line, low: Math.ceil(line.low), high: Math.ceil(line.high) }));
  const total = (which: 'low' | 'high') => whole.reduce((all, line) => all + line[which], 0);
  return {
    low: total('low'),
    high: total('high'),
    currency: prices.currency,
    because: `prices of ${prices.region}, ${prices.asOf} (${prices.source}); low: fewest replicas, ${committedShare * 100} % of the price for a year's commitment, a lake one month old; high: most replicas all month on demand, a full lake; without support, tax and traffic out`,
    lines: whole,
  };
}

const plus = ({ low, high }: { readonly low: number; readonly high: number }, amount: number) => ({
  low: low + amount,
  high: high + amount,
});

/** The price of the smallest size that is large enough; of several of the largest where none is. */
function priced(table: Readonly<Record<string, number>>, wanted: number): number {
  const sizes = Object.entries(table).map(([size, price]) => ({ size: Number(size), price }));
  const ascending = sizes.toSorted((a, b) => a.size - b.size);
  const fits = ascending.find(({ size }) => size >= wanted);
  const largest = ascending.at(-1);
  if (fits !== undefined || largest === undefined) return fits?.price ?? 0;
  return Math.ceil(wanted / largest.size) * largest.price;
}
