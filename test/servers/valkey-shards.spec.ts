import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { openValkeyOnline, type ValkeyOptions } from '../../app/features/online-store/valkey.ts';
import { shardOf, slotOf, tagsOf } from '../../app/features/online-store/valkey-slot.ts';
import { openRuntime } from '../../app/runtime.ts';
import { USERS } from '../../constructs/features/aws-elasticache.ts';
import { until } from '../cluster/until.ts';
import { onlineStoreContract } from '../contracts/online-store.ts';
import { PASSWORD, startValkey, usersOf, type ValkeyServers } from './valkey.ts';

const SHARDS = 2;
const row = Buffer.from('row');
const entities = Array.from({ length: 40 }, (_, i) => `entity-${i}`);

/** Shard i is node 2i with its replica 2i + 1; node 4 is the Sentinel of both. */
let members: ValkeyServers;
/** Two nodes, half of the slots each. */
let cluster: ValkeyServers;

before(async () => {
  const acl = usersOf('member.sh');
  const common = 'appendonly yes\nappendfsync always\nmasteruser own\nreplica-announce-ip localhost\nrepl-diskless-sync-delay 0';
  members = await startValkey(5, (ports) => [
    ...[0, 1, 2, 3].map((node) => ({
      conf: `${common}\nmasterauth ${PASSWORD}${node % 2 === 1 ? `\nreplicaof localhost ${ports[node - 1]}` : ''}`,
      acl,
    })),
    {
      conf: [
        'sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip localhost',
        `sentinel sentinel-user own\nsentinel sentinel-pass ${PASSWORD}`,
        ...[0, 1].map(
          (shard) =>
            `sentinel monitor valkey-${shard} localhost ${ports[2 * shard]} 1\nsentinel auth-user valkey-${shard} own\nsentinel auth-pass valkey-${shard} ${PASSWORD}\nsentinel down-after-milliseconds valkey-${shard} 1000\nsentinel failover-timeout valkey-${shard} 4000`,
        ),
      ].join('\n'),
      acl: usersOf('sentinel.sh'),
      sentinel: true,
    },
  ]);
  for (const shard of [0, 1])
    await until('the Sentinel knows the replica', async () =>
      String(await members.admin(4, 'SENTINEL', 'REPLICAS', `valkey-${shard}`)).includes('slave'),
    );

  const users = [
    `user default off ~* &* +@all`,
    `user own on >${PASSWORD} ~* &* +@all`,
    ...Object.entries(USERS).map(([user, rights]) => `user ${user} ${rights} >${PASSWORD}`),
  ];
  cluster = await startValkey(2, (ports) =>
    [0, 1].map((node) => ({
      conf: `cluster-enabled yes\ncluster-port ${ports[2 + node]}\ntls-cluster yes\ncluster-announce-hostname localhost\ncluster-preferred-endpoint-type hostname`,
      acl: users,
    })),
  );
  await cluster.admin(0, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  await cluster.admin(1, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await cluster.admin(1, 'CLUSTER', 'SET-CONFIG-EPOCH', '2');
  await cluster.admin(0, 'CLUSTER', 'MEET', '127.0.0.1', String(cluster.ports[1]), String(cluster.ports[3]));
  for (const node of [0, 1])
    await until('the cluster holds together', async () =>
      String(await cluster.admin(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
});
after(async () => {
  await members.stop();
  await cluster.stop();
});

const sentinels = (change: Partial<ValkeyOptions> = {}): ValkeyOptions => ({
  ...members.login('writer'),
  address: { host: 'localhost', port: 1 },
  sentinel: { host: 'localhost', port: members.ports[4] as number },
  shards: SHARDS,
  ...change,
});
const clustered = (change: Partial<ValkeyOptions> = {}): ValkeyOptions => ({
  ...cluster.login('writer'),
  address: { host: 'localhost', port: cluster.ports[0] as number },
  shards: SHARDS,
  ...change,
});

for (const [name, servers, nodes, options] of [
  ['shards behind Sentinels', () => members, [0, 2], sentinels],
  ['a cluster', () => cluster, [0, 1], clustered],
] as const) {
  const under = () => {
    const store = openValkeyOnline(options());
    return { store, close: () => store.close(), another: async () => openValkeyOnline(options()), reopen: async () => under() };
  };
  onlineStoreContract(`online store on ${name}`, async () => {
    for (const node of nodes) await servers().admin(node, 'FLUSHALL');
    return under();
  });

  test(`${name}: entities lie on both shards, and a reader finds them all`, async () => {
    const writer = openValkeyOnline(options());
    await writer.write({ rows: entities.map((entity) => ({ view: 'spread', entity, row })) });
    for (const node of nodes) assert.ok(((await servers().admin(node, 'DBSIZE')) as number) > 0, `node ${node} holds nothing`);
    const reader = openValkeyOnline(options(servers().login('reader')));
    assert.deepEqual(
      await reader.getMany('spread', entities),
      entities.map(() => row),
    );
    assert.equal(await reader.count('spread'), entities.length);
    for (const store of [reader, writer]) await store.close();
  });
}

const move = (store: OnlineStore, consumer: string, next: number) =>
  store.write({
    rows: entities.map((entity) => ({ view: 'v', entity, row: Buffer.from(String(next)) })),
    offsets: { consumer, next: new Map([[0, next]]) },
  });

test('a batch that one shard did not take does not count, and counts once it is written again', async () => {
  const store = openValkeyOnline(sentinels({ timeoutMs: 1_000 }));
  await move(store, 'half', 5);
  // The second shard refuses; the first has taken its part.
  await members.admin(2, 'CONFIG', 'SET', 'maxmemory', '1');
  await assert.rejects(move(store, 'half', 9), { code: 'MR_FEATURES_ONLINE_FULL' });
  assert.deepEqual(await store.offsets('half'), new Map([[0, 5]]));
  await members.admin(2, 'CONFIG', 'SET', 'maxmemory', '0');
  await move(store, 'half', 9);
  assert.deepEqual(await store.offsets('half'), new Map([[0, 9]]));
  await store.close();
});

test('a consumer that is new on one shard begins anew', async () => {
  const store = openValkeyOnline(sentinels());
  await move(store, 'new', 5);
  await members.admin(2, 'FLUSHALL');
  assert.deepEqual(await store.offsets('new'), new Map());
  await store.close();
});

test('another number of shards is another, empty store', async () => {
  const one = openValkeyOnline(sentinels({ shards: 1 }));
  await move(one, 'count', 5);
  const two = openValkeyOnline(sentinels());
  assert.deepEqual(await two.offsets('count'), new Map());
  assert.equal(await two.get('v-none', 'entity-1'), undefined);
  for (const store of [one, two]) await store.close();
});

test('a slot that moves to another node is followed', async () => {
  const store = openValkeyOnline(clustered());
  await move(store, 'slot', 5);
  const slot = String(slotOf(tagsOf(SHARDS)[0] as string));
  const to = String(await cluster.admin(1, 'CLUSTER', 'MYID'));
  await cluster.admin(0, 'FLUSHALL');
  for (const node of [1, 0]) await cluster.admin(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', to);
  const entity = entities.find((name) => shardOf(name, SHARDS) === 0) as string;
  await store.write({ rows: [{ view: 'moved', entity, row }] });
  assert.deepEqual(await store.get('moved', entity), row);
  assert.equal(await cluster.admin(1, 'EXISTS', `{${tagsOf(SHARDS)[0]}}rows:moved`), 1);
  await store.close();
});

test('where a primary is lost, reads and writes go on at the replica that Sentinel makes primary, and nothing acknowledged is missing', async () => {
  const store = openValkeyOnline(sentinels({ timeoutMs: 2_000 }));
  await move(store, 'failover', 5);
  await members.admin(0, 'WAIT', '1', '5000');
  await members.kill(0);
  await assert.rejects(move(store, 'failover', 6), { code: 'MR_FEATURES_ONLINE_UNREACHABLE' });
  await until('the replica takes writes', () => move(store, 'failover', 6).then(() => true));
  assert.deepEqual(
    await store.getMany('v', entities),
    entities.map(() => Buffer.from('6')),
  );
  assert.deepEqual(await store.offsets('failover'), new Map([[0, 6]]));
  // The one that was lost comes back as the replica of the other.
  await members.start(0);
  await until('it follows', async () => String(await members.admin(0, 'ROLE')).startsWith('slave'));
  await move(store, 'failover', 7);
  await store.close();
});

test('a Sentinel refuses a wrong password as the store does', async () => {
  const store = openValkeyOnline(sentinels({ passwordFile: members.passwordFile('hunter2-wrong') }));
  await assert.rejects(store.get('v', 'ann'), { code: 'MR_FEATURES_ONLINE_DENIED', value: 'writer' });
  await store.close();
});

test('the settings of a container lead the runtime to the shards', async () => {
  const { user, passwordFile, caFile } = members.login('writer');
  const runtime = openRuntime({
    dataDir: members.folder(),
    environment: {
      MILLRACE_GROUND: 'cluster',
      MILLRACE_ONLINE_HOST: 'localhost',
      MILLRACE_ONLINE_PORT: '6379',
      MILLRACE_ONLINE_SENTINEL: `localhost:${members.ports[4]}`,
      MILLRACE_ONLINE_SHARDS: String(SHARDS),
      MILLRACE_ONLINE_USER: user,
      MILLRACE_ONLINE_PASSWORD_FILE: passwordFile,
      MILLRACE_ONLINE_CA_FILE: caFile ?? '',
      MILLRACE_STORE_TIMEOUT_MS: '2000',
    },
  });
  const online = await runtime.use('online');
  await online.write({ rows: [{ view: 'settings', entity: 'ann', row }] });
  const direct = openValkeyOnline(sentinels());
  assert.deepEqual(await direct.get('settings', 'ann'), row);
  await direct.close();
  await runtime.close();
});
