import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { KeyStore } from '../../app/governance/keys/port.ts';

/** A ground for one test: every `open()` is another client of the same keys, as another process would be. */
export interface KeyStoreGround {
  open(): Promise<KeyStore>;
  /** Closes all and removes the ground. */
  end(): Promise<void>;
  /** An erasure by one client counts for the others after it. */
  readonly staleMs: number;
}

/** What every key store promises. */
export function keyStoreContract(adapter: string, ground: () => Promise<KeyStoreGround>): void {
  const check = (name: string, body: (open: () => Promise<KeyStore>, staleMs: number) => Promise<void>) =>
    test(`${adapter}: ${name}`, async () => {
      const { open, end, staleMs } = await ground();
      try {
        await body(open, staleMs);
      } finally {
        await end();
      }
    });

  check('a subject keeps its pseudonym and key over clients and restarts', async (open) => {
    const first = await open();
    const keys = await first.subject('ada@example.org');
    const sealed = keys.encrypt(Buffer.from('secret'));
    await first.close();
    const again = await (await open()).subject('ada@example.org');
    assert.equal(again.pseudonym, keys.pseudonym);
    assert.equal(again.decrypt(sealed).toString(), 'secret');
    assert.equal((await (await open()).byPseudonym(keys.pseudonym))?.decrypt(sealed).toString(), 'secret');
  });

  check('a pseudonym is random and says nothing about the id', async (open) => {
    const keys = await open();
    const made = await Promise.all(Array.from({ length: 50 }, (_, i) => keys.subject(`user-${i}`)));
    const pseudonyms = new Set(made.map(({ pseudonym }) => pseudonym));
    assert.equal(pseudonyms.size, 50);
    for (const pseudonym of pseudonyms) assert.match(pseudonym, /^s_[A-Za-z0-9_-]{22}$/);
  });

  check('the verify key alone, taken elsewhere, checks what was signed', async (open) => {
    const keys = await open();
    const bytes = Buffer.from('a verdict');
    const { value } = await keys.sign(bytes);
    const key = createPublicKey(await (await open()).verifyKey());
    assert.ok(verify(null, bytes, key, Buffer.from(value, 'base64')));
    assert.ok(!verify(null, Buffer.from('another'), key, Buffer.from(value, 'base64')));
    assert.doesNotMatch(await keys.verifyKey(), /PRIVATE/);
  });

  check('two clients that meet a subject at once agree on it', async (open) => {
    const [a, b] = [await open(), await open()];
    for (let i = 0; i < 20; i++) {
      const [first, second] = i % 2 === 0 ? [a, b] : [b, a];
      const [own, other] = await Promise.all([first.subject(`s${i}`), second.subject(`s${i}`)]);
      assert.equal(own.pseudonym, other.pseudonym);
      assert.equal(other.decrypt(own.encrypt(Buffer.from('x'))).toString(), 'x');
    }
  });

  check('subjects prepared together are those found one by one', async (open) => {
    const keys = await open();
    const before = (await keys.subject('s3')).pseudonym;
    await keys.prepare(Array.from({ length: 500 }, (_, i) => `s${i % 400}`));
    await keys.prepare([]);
    const there = await open();
    const all = await Promise.all(Array.from({ length: 400 }, (_, i) => there.known(`s${i}`)));
    const found = new Set(all.map((known) => known?.pseudonym));
    assert.equal(found.size, 400);
    assert.ok(found.has(before) && !found.has(undefined));
    assert.equal((await keys.subject('s7')).pseudonym, (await there.subject('s7')).pseudonym);
  });

  check('pseudonyms recalled together open what was sealed one by one; strange ones are passed over', async (open) => {
    const keys = await open();
    await keys.prepare(Array.from({ length: 50 }, (_, i) => `s${i}`));
    const made = await Promise.all(Array.from({ length: 50 }, (_, i) => keys.subject(`s${i}`)));
    const there = await open();
    await there.recall([...made.map(({ pseudonym }) => pseudonym), 's_nobody']);
    await there.recall([]);
    for (const own of made) {
      const found = await there.byPseudonym(own.pseudonym);
      assert.equal(found?.decrypt(own.encrypt(Buffer.from('x'))).toString(), 'x');
    }
    assert.equal(await there.byPseudonym('s_nobody'), undefined);
  });

  check('known() never makes a subject', async (open) => {
    const keys = await open();
    assert.equal(await keys.known('nobody'), undefined);
    assert.equal(await keys.known('nobody'), undefined);
    assert.equal(await keys.byPseudonym('s_nobody'), undefined);
    const made = await keys.subject('nobody');
    assert.equal((await keys.known('nobody'))?.pseudonym, made.pseudonym);
  });

  check('sealed bytes open only whole, for their subject and in their context', async (open) => {
    const keys = await open();
    const [ada, bob] = [await keys.subject('ada'), await keys.subject('bob')];
    const plain = randomBytes(40);
    const sealed = ada.encrypt(plain, 'click.address');
    assert.deepEqual(ada.decrypt(sealed, 'click.address'), plain);
    const broken = { code: 'MR_GOVERNANCE_CIPHERTEXT_BROKEN' };
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.throws(() => ada.decrypt(changed, 'click.address'), broken, `byte ${i}`);
    }
    assert.throws(() => ada.decrypt(sealed.subarray(0, -1), 'click.address'), broken);
    assert.throws(() => ada.decrypt(Buffer.alloc(0), 'click.address'), broken);
    assert.throws(() => ada.decrypt(sealed, 'click.session'), broken);
    assert.throws(() => bob.decrypt(sealed, 'click.address'), broken);
    assert.notDeepEqual(ada.encrypt(plain, 'click.address'), sealed, 'the nonce is new each time');
  });

  check('an erased subject is gone for every client, also for keys already handed out', async (open, staleMs) => {
    const [here, there] = [await open(), await open()];
    const held = await there.subject('ada');
    const sealed = held.encrypt(Buffer.from('secret'));
    const bob = (await there.subject('bob')).encrypt(Buffer.from('bob'));
    assert.equal(await here.erase('ada'), held.pseudonym);
    assert.equal(await here.known('ada'), undefined, 'for the one who erased at once');
    await wait(staleMs + 1);
    for (const keys of [here, there, await open()]) {
      assert.equal(await keys.known('ada'), undefined);
      assert.equal(await keys.byPseudonym(held.pseudonym), undefined);
      assert.deepEqual([...(await keys.erased())], [held.pseudonym]);
      assert.equal((await keys.subject('bob')).decrypt(bob).toString(), 'bob');
    }
    assert.throws(() => held.decrypt(sealed), { code: 'MR_GOVERNANCE_SUBJECT_ERASED' });
    assert.throws(() => held.encrypt(sealed), { code: 'MR_GOVERNANCE_SUBJECT_ERASED' });
    assert.equal(await here.erase('ada'), undefined);
    assert.equal(await here.erase('nobody'), undefined);
  });

  check('a person who comes back after an erasure is someone new', async (open) => {
    const keys = await open();
    const before = (await keys.subject('ada')).pseudonym;
    await keys.erase('ada');
    const after = (await keys.subject('ada')).pseudonym;
    assert.notEqual(after, before);
    assert.equal(await keys.erase('ada'), after);
    assert.deepEqual([...(await keys.erased())].sort(), [before, after].sort());
  });

  check('a signature holds for its bytes only, for every client', async (open) => {
    const bytes = Buffer.from('verdict: passed');
    const signature = await (await open()).sign(bytes);
    const keys = await open();
    assert.equal(await keys.verify(bytes, signature), true);
    assert.equal(await keys.verify(Buffer.from('verdict: refused'), signature), false);
    assert.equal(await keys.verify(bytes, { ...signature, value: (await keys.sign(Buffer.from('other'))).value }), false);
    assert.equal(await keys.verify(bytes, { ...signature, keyId: '0123456789abcdef' }), false);
    assert.equal(await keys.verify(bytes, { ...signature, keyId: '../master' }), false);
    assert.equal(await keys.verify(bytes, { ...signature, value: 'not base64 at all' }), false);
    assert.match(signature.keyId, /^[0-9a-f]{16}$/);
  });

  check('where the gate has no key of its own, it and the platform are one signer', async (open) => {
    const bytes = Buffer.from('verdict: passed');
    const [a, b] = [await open(), await open()];
    assert.equal(await b.verify(bytes, await a.sign(bytes, 'gate'), 'gate'), true);
    assert.equal(await b.verify(bytes, await a.sign(bytes), 'gate'), true);
    assert.equal(await b.verify(bytes, await a.sign(bytes, 'gate')), true);
    assert.equal(await b.verify(Buffer.from('verdict: refused'), await a.sign(bytes, 'gate'), 'gate'), false);
  });

  check('a secret is made once and is another for each name', async (open) => {
    const token = await (await open()).secret('collector.token');
    assert.equal(Buffer.from(token, 'base64url').length, 32);
    assert.equal(await (await open()).secret('collector.token'), token);
    assert.notEqual(await (await open()).secret('serving.token'), token);
    await assert.rejects((await open()).secret('../x'), { code: 'MR_GOVERNANCE_SECRET_NAME' });
  });
}
