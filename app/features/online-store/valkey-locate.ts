import { lookup } from 'node:dns/promises';
import { connect, type Reply, type ValkeyAddress, type ValkeyLogin } from './valkey-connection.ts';
import { unreachable } from './valkey-faults.ts';
import { slotOf } from './valkey-slot.ts';

/** How long one of several Sentinels is given to answer. */
const ASK_MS = 3_000;

/**
 * The primary of a shard as its Sentinels name it: asks all behind the host at once, since those of other shards stand there
 * as well and know nothing of it. @throws MR_FEATURES_ONLINE_UNREACHABLE
 */
export async function primaryBySentinel(sentinel: ValkeyAddress, login: ValkeyLogin, shard: string): Promise<ValkeyAddress> {
  const name = `${sentinel.host}:${sentinel.port}`;
  try {
    const addresses = await lookup(sentinel.host, { all: true });
    const asked = addresses.map(async ({ address }) => {
      const at = { host: address, port: sentinel.port, servername: sentinel.servername ?? sentinel.host };
      const reply = await ask(at, login, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', shard]);
      if (!Array.isArray(reply)) throw new Error(`it knows no '${shard}'`);
      return { host: String(reply[0]), port: Number(reply[1]) };
    });
    return await Promise.any(asked);
  } catch (error) {
    // Of several refusals the first says most: a wrong password is refused by all.
    const cause = error instanceof AggregateError ? (error.errors[0] as Error) : (error as Error);
    if ('kind' in cause) throw cause;
    throw unreachable(name, `no Sentinel names the primary of '${shard}': ${cause.message}`, cause);
  }
}

/** The node of a cluster that holds a tag's slot. @throws MR_FEATURES_ONLINE_UNREACHABLE */
export async function nodeOfCluster(any: ValkeyAddress, login: ValkeyLogin, tag: string): Promise<ValkeyAddress> {
  const slot = slotOf(tag);
  const ranges = (await ask(any, login, ['CLUSTER', 'SLOTS'])) as readonly (readonly [
    number,
    number,
    readonly [Reply, number],
  ])[];
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  if (range === undefined) throw unreachable(`${any.host}:${any.port}`, `no node holds slot ${slot}`);
  const [host, port] = range[2];
  // A node that knows no name of its own means the one that was asked.
  return { host: host === null || String(host) === '' ? any.host : String(host), port };
}

async function ask(at: ValkeyAddress, login: ValkeyLogin, command: string[]): Promise<Reply> {
  const client = await connect(at, login);
  const timer = setTimeout(() => client.destroy(), ASK_MS);
  try {
    return (await client.sendCommand(command)) as Reply;
  } finally {
    clearTimeout(timer);
    if (client.isOpen) client.destroy();
  }
}
