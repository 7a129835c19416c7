import { figure, MIB, shown, up } from './figure.ts';
import type { Bounds, Load, PlatformPlan } from './plan.ts';
import type { Pods } from './pods.ts';
import { HEADROOM } from './pods.ts';

type Stores = Pick<PlatformPlan, 'zones' | 'kafka' | 'valkey' | 'postgres' | 'lake' | 'registry'>;

/** What one broker takes in and hands on in a second beside its followers (assumed: a quarter of a 1 GbE link). */
const BROKER_BYTES = 30 * MIB;
const BROKER_PARTITIONS = 1_000;
/** More on one broker takes too long to copy when it is lost. */
const BROKER_MOST_GIB = 2_048;
const BROKER_FEWEST_GIB = 10;
/** A full disk stops a broker: this share of it is for the log. */
const FILL = 0.7;
/** A larger shard takes too long to copy to a new replica. */
const SHARD_MIB = 8_192;
/** Fragmentation and replication buffers. */
const STORE_ROOM = 1.3;
/** A snapshot forks: pages that change meanwhile exist twice. */
const FORK_ROOM = 1.5;
const DATABASE_GIB = 20;
/** Model, card, profile and bill of materials of one release of a catalogue of 100,000 items (assumed), kept for a year of nights. */
const RELEASE_MIB = 32;
const RELEASES = 365;

/** The stores that all use cases share. */
export function storesOf(pods: readonly Pods[], load: Load, bounds: Bounds): Stores {
  const safe = bounds.highAvailability;
  return {
    zones: figure(safe ? 3 : 1, 'zones', safe ? 'one may be lost, and a majority of three is left' : 'no zone may be lost here'),
    kafka: kafkaOf(pods, load, safe),
    valkey: valkeyOf(pods, bounds),
    postgres: {
      cpu: figure(500, 'millicores', 'a registry and settings: a few statements a second'),
      memory: figure(1_024, 'MiB', 'shared buffers of a quarter of it hold the whole registry'),
      instances: figure(safe ? 3 : 1, 'instances', safe ? 'a primary and a standby in each other zone' : 'one is enough'),
      storage: figure(
        DATABASE_GIB,
        'GiB',
        'versions, verdicts and settings are rows, not files; the rest is its write-ahead log',
      ),
    },
    lake: {
      growth: figure(
        sum(pods, ({ traffic }) => traffic.lakeGrowth.value),
        'GiB/month',
        'the growth of every use case together',
      ),
      held: figure(
        sum(pods, ({ traffic }) => traffic.lakeHeld.value),
        'GiB',
        pods.map(({ traffic }) => traffic.lakeHeld.because).join('; '),
      ),
    },
    registry: {
      cpu: figure(100, 'millicores', 'people and previews read it, no request of a user does'),
      memory: figure(384, 'MiB', 'a process and its open releases'),
      replicas: {
        min: figure(2, 'replicas', 'one may be lost'),
        max: figure(2, 'replicas', 'its load does not grow with the users'),
      },
      storage: figure(
        up((pods.length * RELEASES * RELEASE_MIB) / 1_024, 1),
        'GiB',
        `${pods.length} models × ${RELEASES} nights × ${RELEASE_MIB} MiB a release (assumed)`,
      ),
    },
  };
}

function kafkaOf(pods: readonly Pods[], load: Load, safe: boolean): Stores['kafka'] {
  const copies = safe ? 3 : 1;
  const fewest = safe ? 3 : 1;
  const daily = sum(pods, ({ traffic }) => traffic.logGrowth.value);
  const total = (daily * load.retentionDays * copies) / FILL;
  const bytes = sum(pods, ({ traffic }) => traffic.peakBytes) * copies * HEADROOM;
  const partitions = sum(pods, (one) => sum(Object.values(one.partitions), ({ value }) => value)) * copies;
  const reasons = {
    [`${copies} copies of ${shown(bytes / copies / MIB)} MiB/s at the peak with headroom, ${BROKER_BYTES / MIB} MiB/s a broker`]:
      Math.ceil(bytes / BROKER_BYTES),
    [`${shown(partitions)} partition copies, ${shown(BROKER_PARTITIONS)} a broker`]: Math.ceil(partitions / BROKER_PARTITIONS),
    [`${shown(total)} GiB, at most ${shown(BROKER_MOST_GIB)} a broker`]: Math.ceil(total / BROKER_MOST_GIB),
    [safe ? 'three zones' : 'one is enough']: fewest,
  };
  const brokers = Math.max(...Object.values(reasons));
  const because = Object.entries(reasons).map(([reason, value]) => `${value}: ${reason}`);
  // As if the fewest brokers held it all: another broker adds room and takes none from the others.
  const storage = up(Math.min(BROKER_MOST_GIB, Math.max(BROKER_FEWEST_GIB, total / fewest)), 1);
  return {
    cpu: figure(1_000, 'millicores', 'network, compression and TLS of up to its share of the peak'),
    memory: figure(4_096, 'MiB', '1 GiB of heap, the rest is page cache for consumers that keep up'),
    brokers: figure(brokers, 'brokers', `the most of ${because.join('; ')}`),
    controllers: figure(safe ? 3 : 1, 'controllers', safe ? 'a quorum that survives the loss of one' : 'one is enough'),
    replication: figure(copies, 'copies', safe ? 'a copy in each zone' : 'one broker holds one copy'),
    minInSync: figure(safe ? 2 : 1, 'copies', safe ? 'an event is taken once two zones have it' : 'there is one copy'),
    storagePerBroker: figure(
      storage,
      'GiB',
      `${shown(daily)} GiB a day × ${load.retentionDays} days × ${copies} copies, ${FILL * 100} % full at most, on ${fewest} brokers; from ${BROKER_FEWEST_GIB} to ${shown(BROKER_MOST_GIB)} each`,
    ),
  };
}

function valkeyOf(pods: readonly Pods[], { highAvailability: safe, leastShards = 1 }: Bounds): Stores['valkey'] {
  const rows = sum(pods, ({ traffic }) => traffic.onlineRows.value);
  const wanted = up(Math.max(128, rows * STORE_ROOM), 64);
  const needed = Math.ceil(wanted / SHARD_MIB);
  const shards = Math.max(needed, leastShards);
  const maxMemory = needed === 1 ? wanted : SHARD_MIB;
  return {
    cpu: figure(500, 'millicores', 'a read is microseconds; the store is bound by its memory'),
    memory: figure(up(maxMemory * FORK_ROOM, 64), 'MiB', `${shown(maxMemory)} MiB × ${FORK_ROOM}: a snapshot forks`),
    maxMemory: figure(
      maxMemory,
      'MiB',
      `${shown(rows)} MiB of rows × ${STORE_ROOM} for fragmentation and buffers, at most ${shown(SHARD_MIB)} a shard`,
    ),
    shards: figure(
      shards,
      'shards',
      `${shown(wanted)} MiB, ${shown(SHARD_MIB)} a shard${shards > needed ? `; ${shards} stand already` : ''}`,
    ),
    replicas: figure(
      safe ? 2 : 0,
      'replicas',
      safe ? 'a copy in each other zone' : 'none: the rows are made again from the lake',
    ),
  };
}

export const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0);
