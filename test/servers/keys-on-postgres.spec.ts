import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { lock, unlock } from '../../app/governance/keys/box.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openPostgresKeys, type PostgresKeysOptions } from '../../app/governance/keys/postgres.ts';
import type { KeyWrapper } from '../../app/governance/keys/wrapper.ts';
import { keyStoreContract } from '../contracts/key-store.ts';
import { signerOf } from '../governance/gate-key.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

const STALE_MS = 30;

/** Wraps by a key of the test's own. */
function wrapperOf(key: Buffer): KeyWrapper {
  return {
    wrap: async (plain) => lock(key, plain, 'master key'),
    unwrap: async (wrapped) => unlock(key, wrapped, 'master key'),
    close: () => undefined,
  };
}

/** A new database, and clients of it that are closed at the end of the test. */
async function ground(key: Buffer = randomBytes(32)) {
  const database = await server.database();
  const opened: KeyStore[] = [];
  return {
    database,
    staleMs: STALE_MS,
    async open(more: Partial<PostgresKeysOptions> = {}) {
      const keys = await openPostgresKeys({ database, wrapper: wrapperOf(key), staleMs: STALE_MS, ...more });
      opened.push(keys);
      return keys;
    },
    async end() {
      for (const keys of opened) await keys.close();
    },
  };
}

keyStoreContract('keys on Postgres', ground);

test('of ten processes that open an empty database at once, all share master key, signing key and secrets', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const stores = await Promise.all(Array.from({ length: 10 }, () => open()));
  const said = await Promise.all(
    stores.map(async (keys) => [
      (await keys.sign(Buffer.from('x'))).keyId,
      await keys.secret('token'),
      (await keys.subject('ada')).pseudonym,
    ]),
  );
  assert.equal(new Set(said.map(String)).size, 1);
});

test('two that prepare the same many subjects at once, in other orders, end each other never', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const [a, b] = [await open(), await open()];
  const ids = Array.from({ length: 2_000 }, (_, i) => `s${i}`);
  for (let round = 0; round < 3; round += 1) {
    const own = ids.map((id) => `${round}-${id}`);
    await Promise.all([a.prepare(own), b.prepare(own.toReversed())]);
    assert.equal((await a.subject(`${round}-s7`)).pseudonym, (await b.subject(`${round}-s7`)).pseudonym);
  }
});

test('the rows hold no plain id and nothing that opens without the master key; a foreign master key is told', async (t) => {
  const { open, end, database } = await ground();
  t.after(end);
  const keys = await open();
  await keys.subject('ada@example.org');
  await keys.sign(Buffer.from('x'));
  const token = await keys.secret('token');
  const rows: unknown[] = [];
  for (const table of ['master', 'subjects', 'erased', 'secrets', 'signing', 'layout'])
    rows.push(...(await server.admin(database.database, `select * from keyring.${table}`)));
  const text = JSON.stringify(rows, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
  );
  assert.doesNotMatch(text, /ada@example|PRIVATE/);
  assert.ok(!text.includes(token));
  await server.admin(database.database, 'delete from keyring.master');
  await assert.rejects(open(), { code: 'MR_GOVERNANCE_KEYS_UNREADABLE' });
});

test('an erasure counts for a client that has the key in its memory once its staleness is over, and not only when it asks for that person', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const [here, there] = [await open(), await open()];
  const ada = await there.subject('ada');
  const sealed = ada.encrypt(Buffer.from('x'));
  await here.erase('ada');
  await wait(STALE_MS + 1);
  await there.subject('bob');
  assert.throws(() => ada.decrypt(sealed), { code: 'MR_GOVERNANCE_SUBJECT_ERASED' });
});

test('erasures of many clients at once are all seen by one that looks on meanwhile', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const [watcher, ...others] = await Promise.all(Array.from({ length: 5 }, () => open({ staleMs: 0 })));
  assert.ok(watcher);
  const ids = Array.from({ length: 200 }, (_, i) => `s${i}`);
  await watcher.prepare(ids);
  let over = false;
  const looking = (async () => {
    while (!over) await watcher.erased();
  })();
  await Promise.all(
    others.map(async (keys, which) => {
      for (const [i, id] of ids.entries()) if (i % others.length === which) await keys.erase(id);
    }),
  );
  over = true;
  await looking;
  assert.equal((await watcher.erased()).size, ids.length);
});

test('while the server is away, those who are known are answered and of others a fault says so; when it is back, the store goes on', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const keys = await open();
  const { pseudonym } = await keys.subject('ada');
  await server.kill();
  await wait(STALE_MS + 1);
  assert.equal((await keys.known('ada'))?.pseudonym, pseudonym);
  assert.equal((await keys.byPseudonym(pseudonym))?.pseudonym, pseudonym);
  await assert.rejects(keys.known('bob'), { code: 'MR_REGISTRY_METADATA_UNREACHABLE' });
  await server.start();
  assert.equal((await keys.known('ada'))?.pseudonym, pseudonym);
  assert.equal(await keys.known('bob'), undefined);
});

test('who may not make the tables waits for them, and at last says who makes them', async (t) => {
  const { open, end, database } = await ground();
  t.after(end);
  const passwordFile = server.passwordFile('a user of the test');
  const user = `reader_${database.database}`;
  await server.admin(
    database.database,
    `create role ${user} login password 'a user of the test';
     grant connect on database ${database.database} to ${user};
     create schema keyring authorization millrace_owner;
     grant usage on schema keyring to ${user};
     alter default privileges for role millrace_owner in schema keyring grant select, insert on tables to ${user}`,
  );
  const own = { ...database, user, passwordFile };
  await assert.rejects(open({ database: own, readyMs: 100 }), { code: 'MR_GOVERNANCE_KEYS_ABSENT' });
  const waiting = open({ database: own });
  await wait(300);
  const owner = await open();
  const other = await waiting;
  assert.equal((await other.subject('ada')).pseudonym, (await owner.subject('ada')).pseudonym);
  await assert.rejects(other.erase('ada'), { code: 'MR_REGISTRY_METADATA_DENIED' });
  assert.ok(await owner.known('ada'), 'a refused erasure leaves the key');
});

test('a keyring of a newer layout is refused by both numbers', async (t) => {
  const { open, end, database } = await ground();
  t.after(end);
  await open();
  await server.admin(database.database, 'update keyring.layout set version = 9');
  await assert.rejects(open(), { code: 'MR_GOVERNANCE_KEYS_NEWER', value: 9, expected: 'at most 1' });
});

test('once the gate has a key of its own, nothing else stands for it, and what it signed before it had one does no more', async (t) => {
  const { open, end, database } = await ground();
  t.after(end);
  const bytes = Buffer.from('verdict: passed');
  const trainer = await open();
  const before = await trainer.sign(bytes, 'gate');
  assert.equal(await trainer.verify(bytes, before, 'gate'), true);
  const signer = signerOf();
  const gate = await open({ gate: signer });
  const verdict = await gate.sign(bytes, 'gate');
  for (const keys of [trainer, gate, await open()]) {
    assert.equal(await keys.verify(bytes, verdict, 'gate'), true);
    assert.equal(await keys.verify(Buffer.from('verdict: refused'), verdict, 'gate'), false);
    assert.equal(await keys.verify(bytes, before, 'gate'), false, 'by the key of the platform');
    assert.equal(await keys.verify(bytes, await trainer.sign(bytes), 'gate'), false);
    assert.equal(await keys.verify(bytes, verdict), false, 'the gate is not the platform');
  }
  await assert.rejects(trainer.sign(bytes, 'gate'), { code: 'MR_GOVERNANCE_KEYS_NOT_HOLDER' });
  // A key that is put in its place under its id is not that key.
  await server.admin(database.database, `update gate.keys set open = '${await signerOf().verifyKey()}'`);
  assert.equal(await (await open()).verify(bytes, verdict, 'gate'), false);
});

test('of two keys of the gate, what the older one signed stays verifiable', async (t) => {
  const { open, end } = await ground();
  t.after(end);
  const bytes = Buffer.alloc(100_000, 7);
  const [old, next] = [await open({ gate: signerOf() }), await open({ gate: signerOf() })];
  const first = await old.sign(bytes, 'gate');
  const second = await next.sign(bytes, 'gate');
  assert.notEqual(first.keyId, second.keyId);
  const reader = await open();
  for (const signature of [first, second]) assert.equal(await reader.verify(bytes, signature, 'gate'), true);
});

test('after the database was brought back to an earlier time, erasures that come then are heard of', async (t) => {
  const { open, end, database } = await ground();
  t.after(end);
  const [here, there] = [await open(), await open()];
  await here.prepare(['ann', 'bob', 'cy']);
  for (const id of ['ann', 'bob']) await here.erase(id);
  await wait(STALE_MS + 1);
  assert.equal((await there.erased()).size, 2);
  const cy = await there.subject('cy');
  await server.admin(database.database, 'truncate keyring.erased restart identity');
  await here.erase('cy');
  await wait(STALE_MS + 1);
  assert.equal(await there.byPseudonym(cy.pseudonym), undefined);
});
