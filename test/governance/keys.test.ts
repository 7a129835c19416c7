import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { BoundedCache } from '../../app/governance/keys/bounded-cache.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openSigningKeys } from '../../app/governance/keys/signing-keys.ts';

async function inFolder(body: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
  try {
    await body(join(dir, 'keys'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const bytesOf = (dir: string): Buffer => Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));

test('folder and files are open to their owner only', () =>
  inFolder(async (dir) => {
    const keys = await openEmbeddedKeys(dir);
    await keys.subject('ada');
    await keys.sign(Buffer.from('x'));
    assert.equal(statSync(dir).mode & 0o777, 0o700);
    const names = readdirSync(dir);
    assert.ok(names.includes('master.key') && names.includes('keyring.sqlite') && names.includes('keyring.sqlite-wal'));
    for (const name of names) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
    await keys.close();
  }));

test('a folder or file that others can read is refused, with its path and mode', () =>
  inFolder(async (dir) => {
    await (await openEmbeddedKeys(dir)).close();
    chmodSync(dir, 0o755);
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_EXPOSED', field: dir, value: '0755' });
    chmodSync(dir, 0o700);
    chmodSync(join(dir, 'master.key'), 0o640);
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_EXPOSED', value: '0640' });
  }));

test('a keyring without its master key, or with another one, does not open', () =>
  inFolder(async (dir) => {
    await (await openEmbeddedKeys(dir)).close();
    const master = join(dir, 'master.key');
    const body = readFileSync(master);
    writeFileSync(master, Buffer.alloc(32, 7));
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_UNREADABLE' });
    writeFileSync(master, body.subarray(0, 31));
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_UNREADABLE' });
    rmSync(master);
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_UNREADABLE' });
    writeFileSync(master, body, { mode: 0o600 });
    await (await openEmbeddedKeys(dir)).close();
  }));

test('a keyring of a newer layout is refused', () =>
  inFolder(async (dir) => {
    await (await openEmbeddedKeys(dir)).close();
    const db = new DatabaseSync(join(dir, 'keyring.sqlite'));
    db.exec('PRAGMA user_version = 9');
    db.close();
    await assert.rejects(openEmbeddedKeys(dir), { code: 'MR_GOVERNANCE_KEYS_NEWER', value: 9 });
  }));

test('no plain id is in the folder, and after an erasure no byte of the wrapped key and the lookup either', () =>
  inFolder(async (dir) => {
    const keys = await openEmbeddedKeys(dir);
    const ids = Array.from({ length: 600 }, (_, i) => `person-${i}@example.org`);
    await keys.prepare(ids);
    const db = new DatabaseSync(join(dir, 'keyring.sqlite'), { readOnly: true });
    const rows = new Map(
      db
        .prepare('SELECT lookup, pseudonym, wrapped FROM subjects')
        .all()
        .map((row) => [row.pseudonym, row] as const),
    );
    db.close();
    assert.equal(rows.size, 600);
    const gone = await Promise.all(ids.filter((_, i) => i % 20 === 0).map((id) => keys.erase(id)));
    const check = () => {
      const bytes = bytesOf(dir);
      for (const id of ids) {
        for (const form of [id, Buffer.from(id).toString('hex'), Buffer.from(id).toString('base64url').slice(0, -2)]) {
          assert.equal(bytes.indexOf(form), -1, form);
        }
      }
      for (const pseudonym of gone) {
        const row = rows.get(pseudonym ?? null);
        assert.ok(row);
        assert.equal(bytes.indexOf(row.wrapped as Uint8Array), -1, 'wrapped key is still there');
        assert.equal(bytes.indexOf(row.lookup as Uint8Array), -1, 'lookup is still there');
      }
    };
    check();
    await keys.close();
    check();
    const left = await openEmbeddedKeys(dir);
    assert.equal((await left.erased()).size, 30);
    assert.ok(await left.known(String(ids[1])));
    await left.close();
  }));

test('signatures of a retired key still hold after a rotation', () =>
  inFolder(async (dir) => {
    const keys = await openEmbeddedKeys(dir);
    const bytes = Buffer.from('checkpoint');
    const before = await keys.sign(bytes);
    const next = await openSigningKeys(dir).rotate();
    const after = await keys.sign(bytes);
    assert.equal(after.keyId, next);
    assert.notEqual(after.keyId, before.keyId);
    assert.equal(await keys.verify(bytes, before), true);
    assert.equal(await keys.verify(bytes, { ...after, keyId: before.keyId }), false);
    await keys.close();
  }));

test('processes that open a new folder at once share one master key, signing key and pseudonym', () =>
  inFolder(async (dir) => {
    const code = `
      const { openEmbeddedKeys } = await import(${JSON.stringify(new URL('../../app/governance/keys/embedded.ts', import.meta.url).href)});
      const keys = await openEmbeddedKeys(${JSON.stringify(dir)});
      const seen = [];
      for (let i = 0; i < 40; i++) seen.push((await keys.subject('s' + i)).pseudonym);
      process.stdout.write(JSON.stringify([(await keys.sign(Buffer.from('x'))).keyId, await keys.secret('token'), seen]));
      keys.close();`;
    const answers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
        let out = '';
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        await once(child, 'close');
        return out;
      }),
    );
    assert.ok((answers[0] ?? '').length > 100);
    assert.equal(new Set(answers).size, 1);
  }));

test('the caches are bounded and drop what was used longest ago', () => {
  const cache = new BoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c'), cache.size], [1, undefined, 3, 2]);
});

test('keys that fell out of the cache are found again', () =>
  inFolder(async (dir) => {
    const keys = await openEmbeddedKeys(dir, { cached: 3 });
    const first = await keys.subject('u0');
    const sealed = first.encrypt(Buffer.from('x'));
    for (let i = 1; i < 20; i++) await keys.subject(`u${i}`);
    assert.equal((await keys.subject('u0')).pseudonym, first.pseudonym);
    assert.equal((await keys.byPseudonym(first.pseudonym))?.decrypt(sealed).toString(), 'x');
    await keys.close();
  }));
