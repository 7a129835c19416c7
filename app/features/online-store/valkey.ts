import { checkKey } from './key.ts';
import type { OnlineBatch, OnlineStore } from './port.ts';
import {
  type Argument,
  type Reply,
  type ValkeyAddress,
  type ValkeyConnection,
  type ValkeyLogin,
  valkeyConnection,
} from './valkey-connection.ts';
import { nodeOfCluster, primaryBySentinel } from './valkey-locate.ts';
import { WRITE } from './valkey-scripts.ts';
import { shardOf, tagsOf } from './valkey-slot.ts';

export interface ValkeyOptions extends ValkeyLogin {
  /** The primary; with several shards and no Sentinel, any node of a cluster. */
  readonly address: ValkeyAddress;
  /** Behind which all Sentinels are; they know shard i as `valkey-<i>`. */
  readonly sentinel?: ValkeyAddress;
  /** @default 1 */
  readonly shards?: number;
  /** Longest that a read takes. @default 5000 */
  readonly timeoutMs?: number;
}

const READ_MS = 5_000;
const WRITE_MS = 15_000;

/**
 * The online store on Valkey or Redis: one primary, several behind Sentinels, or a cluster; over TLS alone. An entity's rows of all
 * views lie on one shard, a view's rows there in one hash.
 *
 * A batch is written shard by shard, on each its rows and all its offsets in one script: all or nothing. What `offsets` says is
 * the smallest of the shards, so it is never ahead of a row anywhere, whatever was cut off in between. A batch that is
 * written again is harmless where its rows are (a row of a view says itself up to which offset it was made), and so a
 * consumer that goes on at `offsets` loses and doubles nothing. A shard whose offsets are not those that this process wrote or
 * read last takes nothing from it until they are read again (MR_FEATURES_OFFSETS_MOVED): a fail-over has lost what was
 * acknowledged, or another process writes for the same consumer.
 *
 * Another number of shards is another, empty store, to be filled from the lake.
 * @throws MR_FEATURES_ONLINE_UNREACHABLE, MR_FEATURES_ONLINE_DENIED, MR_FEATURES_ONLINE_FULL from each call
 */
export function openValkeyOnline(options: ValkeyOptions): OnlineStore {
  const { shards = 1, timeoutMs = READ_MS } = options;
  const all = tagsOf(shards).map((tag, shard) => openShard(options, tag, shard));
  const of = (entity: string): Shard => all[shardOf(entity, shards)] as Shard;
  const everywhere = <T>(act: (shard: Shard) => Promise<T>): Promise<T[]> => Promise.all(all.map(act));
  const sum = (replies: readonly Reply[]): number => replies.reduce<number>((total, reply) => total + Number(reply), 0);

  return {
    async get(view, entity) {
      const shard = of(entity);
      return bytes(await shard.run(['HGET', shard.rows(view), entity], timeoutMs));
    },
    async getMany(view, entities) {
      const found = new Map<string, Buffer | undefined>();
      await everywhere(async (shard) => {
        const own = [...new Set(entities)].filter((entity) => of(entity) === shard);
        if (own.length === 0) return;
        const rows = (await shard.run(['HMGET', shard.rows(view), ...own], timeoutMs)) as readonly Reply[];
        for (const [i, entity] of own.entries()) found.set(entity, bytes(rows[i]));
      });
      return entities.map((entity) => found.get(entity));
    },
    async write(batch) {
      for (const { view, entity } of batch.rows) checkKey(view, entity);
      await everywhere((shard) => writeTo(shard, { ...batch, rows: batch.rows.filter(({ entity }) => of(entity) === shard) }));
    },
    async offsets(consumer) {
      const [first = new Map(), ...others] = await everywhere((shard) => readOffsets(shard, consumer, timeoutMs));
      const least = [...first].flatMap(([partition, next]) => {
        const rest = others.map((held) => held.get(partition));
        return rest.includes(undefined) ? [] : [[partition, Math.min(next, ...(rest as number[]))] as const];
      });
      return new Map(least);
    },
    async erase(entity) {
      const shard = of(entity);
      const views = (await shard.run(['SMEMBERS', shard.views], timeoutMs)) as readonly Reply[];
      return sum(await Promise.all(views.map((view) => shard.run(['HDEL', shard.rows(String(view)), entity], WRITE_MS))));
    },
    async drop(view) {
      await everywhere(async (shard) => {
        await shard.run(['UNLINK', shard.rows(view)], WRITE_MS);
        await shard.run(['SREM', shard.views, view], WRITE_MS);
      });
    },
    count: async (view) => sum(await everywhere((shard) => shard.run(['HLEN', shard.rows(view)], timeoutMs))),
    close: async () => {
      await everywhere((shard) => shard.close());
    },
  };
}

interface Shard extends ValkeyConnection {
  readonly views: string;
  rows(view: string): string;
  offsets(consumer: string): string;
  /** Offsets that this process knows to be there, by consumer and partition. */
  readonly known: Map<string, Map<number, number>>;
}

function openShard(options: ValkeyOptions, tag: string, shard: number): Shard {
  const { address, sentinel, shards = 1 } = options;
  const at = sentinel ?? address;
  const locate = async (): Promise<ValkeyAddress> => {
    if (sentinel !== undefined) return primaryBySentinel(sentinel, options, `valkey-${shard}`);
    return shards === 1 ? address : nodeOfCluster(address, options, tag);
  };
  return {
    ...valkeyConnection(`${at.host}:${at.port}`, options, locate),
    views: `{${tag}}views`,
    rows: (view) => `{${tag}}rows:${view}`,
    offsets: (consumer) => `{${tag}}offsets:${consumer}`,
    known: new Map(),
  };
}

const bytes = (reply: Reply | undefined): Buffer | undefined => (Buffer.isBuffer(reply) ? reply : undefined);

async function readOffsets(shard: Shard, consumer: string, withinMs: number): Promise<ReadonlyMap<number, number>> {
  const pairs = (await shard.run(['HGETALL', shard.offsets(consumer)], withinMs)) as readonly Reply[];
  const held = new Map<number, number>();
  for (let i = 0; i < pairs.length; i += 2) held.set(Number(String(pairs[i])), Number(String(pairs[i + 1])));
  shard.known.set(consumer, new Map(held));
  return held;
}

async function writeTo(shard: Shard, { rows, offsets }: OnlineBatch): Promise<void> {
  if (rows.length === 0 && offsets === undefined) return;
  const consumer = offsets?.consumer ?? '';
  const known = shard.known.get(consumer);
  const views = Map.groupBy(rows, ({ view }) => view);
  const keys = [shard.offsets(consumer), shard.views, ...[...views.keys()].map((view) => shard.rows(view))];
  const next = [...(offsets?.next ?? [])];
  const args: Argument[] = [
    String(next.length),
    ...next.flatMap(([partition, offset]) => [
      String(partition),
      String(offset),
      known === undefined ? '' : String(known.get(partition) ?? 0),
    ]),
    ...[...views].flatMap(([view, own]) => [view, String(own.length), ...own.flatMap(({ entity, row }) => [entity, row])]),
  ];
  await shard.run(['EVAL', WRITE, String(keys.length), ...keys, ...args], WRITE_MS);
  if (offsets !== undefined) shard.known.set(consumer, new Map([...(known ?? []), ...next]));
}
