import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { MillraceError } from '../../app/errors.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { openValkeyOnline, type ValkeyOptions } from '../../app/features/online-store/valkey.ts';
import { until } from '../cluster/until.ts';
import { type OnlineStoreUnderTest, onlineStoreContract } from '../contracts/online-store.ts';
import { startValkey, usersOf, type ValkeyServers } from './valkey.ts';

let servers: ValkeyServers;
before(async () => {
  servers = await startValkey(1, () => [
    { conf: 'appendonly yes\nappendfsync always\nmaxmemory-policy noeviction', acl: usersOf('member.sh') },
  ]);
});
after(() => servers.stop());

const options = (change: Partial<ValkeyOptions> = {}): ValkeyOptions => ({
  ...servers.login('writer'),
  address: { host: 'localhost', port: servers.ports[0] as number },
  ...change,
});

function under(): OnlineStoreUnderTest {
  const store = openValkeyOnline(options());
  return { store, close: () => store.close(), another: async () => openValkeyOnline(options()), reopen: async () => under() };
}

onlineStoreContract('online store on Valkey', async () => {
  await servers.admin(0, 'FLUSHALL');
  return under();
});

const rowOf = (text: string) => Buffer.from(text);
const put = (store: OnlineStore, entity: string, text: string) =>
  store.write({ rows: [{ view: 'view', entity, row: rowOf(text) }] });

test('a reader reads and asks for offsets, and writes nothing', async () => {
  const writer = openValkeyOnline(options());
  await put(writer, 'ann', 'x');
  const reader = openValkeyOnline(options(servers.login('reader')));
  assert.deepEqual(await reader.get('view', 'ann'), rowOf('x'));
  assert.deepEqual(await reader.offsets('nobody'), new Map());
  assert.equal(await reader.count('view'), 1);
  await assert.rejects(put(reader, 'ann', 'y'), { code: 'MR_FEATURES_ONLINE_DENIED', value: 'reader' });
  await assert.rejects(reader.drop('view'), { code: 'MR_FEATURES_ONLINE_DENIED' });
  assert.deepEqual(await writer.get('view', 'ann'), rowOf('x'));
  for (const store of [reader, writer]) await store.close();
});

test('a wrong password is refused, named by its user and never shown', async () => {
  const store = openValkeyOnline(options({ passwordFile: servers.passwordFile('hunter2-wrong') }));
  const error = await store.get('view', 'ann').then(
    () => assert.fail('it was let in'),
    (thrown: MillraceError) => thrown,
  );
  assert.deepEqual([error.code, error.value], ['MR_FEATURES_ONLINE_DENIED', 'writer']);
  assert.doesNotMatch(JSON.stringify(error.toProblem()) + String(error.stack), /hunter2/);
  await store.close();
});

test('a password file that is not there is named', async () => {
  const store = openValkeyOnline(options({ passwordFile: '/nowhere/password' }));
  await assert.rejects(store.get('view', 'ann'), { code: 'MR_FEATURES_ONLINE_DENIED', field: 'MILLRACE_ONLINE_PASSWORD_FILE' });
  await store.close();
});

test('a password that is turned is read for the next connection', async () => {
  const passwordFile = servers.passwordFile('the-first');
  await servers.admin(0, 'ACL', 'SETUSER', 'turned', 'on', '>the-first', '~*', '+@all');
  const store = openValkeyOnline(options({ user: 'turned', passwordFile }));
  await put(store, 'turned', '1');
  await servers.admin(0, 'ACL', 'SETUSER', 'turned', 'resetpass', '>the-second');
  writeFileSync(passwordFile, 'the-second\n');
  await servers.admin(0, 'CLIENT', 'KILL', 'USER', 'turned');
  assert.deepEqual(await until('it is let in again', () => store.get('view', 'turned')), rowOf('1'));
  await store.close();
});

test('a server whose certificate another authority signed, or that names another host, is not spoken to', async () => {
  const { caFile: _ca, ...trusting } = options();
  for (const other of [trusting, options({ address: { host: '127.0.0.1', port: servers.ports[0] as number } })]) {
    const store = openValkeyOnline(other);
    await assert.rejects(store.get('view', 'ann'), { code: 'MR_FEATURES_ONLINE_UNREACHABLE', field: 'MILLRACE_ONLINE_HOST' });
    await store.close();
  }
});

test('a read ends after its time when the server hangs, and goes on when it does', async () => {
  const store = openValkeyOnline(options({ timeoutMs: 200 }));
  await until('it is connected', () => put(store, 'ann', 'here').then(() => true));
  await until('a read is quick', async () => (await store.get('view', 'ann')) !== undefined);
  servers.signal(0, 'SIGSTOP');
  try {
    const from = performance.now();
    await assert.rejects(store.get('view', 'ann'), { code: 'MR_FEATURES_ONLINE_UNREACHABLE' });
    await assert.rejects(store.getMany('view', ['ann', 'bob']), { code: 'MR_FEATURES_ONLINE_UNREACHABLE' });
    assert.ok(performance.now() - from < 5_000, 'both were bounded');
  } finally {
    servers.signal(0, 'SIGCONT');
  }
  assert.deepEqual(await until('it answers again', () => store.get('view', 'ann')), rowOf('here'));
  await store.close();
});

test('no memory left is told as that, and nothing of the batch is there', async () => {
  const store = openValkeyOnline(options());
  await servers.admin(0, 'CONFIG', 'SET', 'maxmemory', '1');
  try {
    const batch = {
      rows: [{ view: 'full', entity: 'ann', row: rowOf('x') }],
      offsets: { consumer: 'full', next: new Map([[0, 9]]) },
    };
    await assert.rejects(store.write(batch), { code: 'MR_FEATURES_ONLINE_FULL' });
  } finally {
    await servers.admin(0, 'CONFIG', 'SET', 'maxmemory', '0');
  }
  assert.equal(await store.count('full'), 0);
  assert.deepEqual(await store.offsets('full'), new Map());
  await store.close();
});

test('a server that is killed is named while it is away, and what it acknowledged is there when it is back', async () => {
  const store = openValkeyOnline(options());
  await store.write({
    rows: [{ view: 'view', entity: 'kept', row: rowOf('1') }],
    offsets: { consumer: 'k', next: new Map([[0, 3]]) },
  });
  await servers.kill(0);
  await assert.rejects(store.get('view', 'kept'), { code: 'MR_FEATURES_ONLINE_UNREACHABLE' });
  await assert.rejects(put(store, 'kept', '2'), { code: 'MR_FEATURES_ONLINE_UNREACHABLE' });
  await servers.start(0);
  assert.deepEqual(await until('it is found again', () => store.get('view', 'kept')), rowOf('1'));
  assert.deepEqual(await store.offsets('k'), new Map([[0, 3]]));
  await store.close();
});

const at = (store: OnlineStore, offset: number) =>
  store.write({
    rows: [{ view: 'offsets', entity: 'ann', row: rowOf(String(offset)) }],
    offsets: { consumer: 'o', next: new Map([[0, offset]]) },
  });

test('a store that fell behind what it had acknowledged takes no more until its offsets are read again', async () => {
  const store = openValkeyOnline(options());
  await store.offsets('o');
  await at(store, 5);
  await servers.admin(0, 'FLUSHALL');
  for (const next of [9, 10]) await assert.rejects(at(store, next), { code: 'MR_FEATURES_OFFSETS_MOVED' });
  assert.equal(await store.get('offsets', 'ann'), undefined, 'nothing of that batch');
  assert.deepEqual(await store.offsets('o'), new Map());
  await at(store, 5);
  assert.deepEqual(await store.offsets('o'), new Map([[0, 5]]));
  await store.close();
});
