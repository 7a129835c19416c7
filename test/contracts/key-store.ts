import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { test } from 'node:test';
import type { KeyStore } from '../../app/governance/keys/port.ts';

/** A ground for one test: every `open()` is another client of the same keys, as another process would be. */
export interface KeyStoreGround {
  open(): KeyStore;
  /** Closes all and removes the ground. */
  end(): void;
}

/** What every key store promises. */
export function keyStoreContract(adapter: string, ground: () => KeyStoreGround): void {
  const check = (name: string, body: (open: () => KeyStore) => void) =>
    test(`${adapter}: ${name}`, () => {
      const { open, end } = ground();
      try {
        body(open);
      } finally {
        end();
      }
    });

  check('a subject keeps its pseudonym and key over clients and restarts', (open) => {
    const first = open();
    const keys = first.subject('ada@example.org');
    const sealed = keys.encrypt(Buffer.from('secret'));
    first.close();
    const again = open().subject('ada@example.org');
    assert.equal(again.pseudonym, keys.pseudonym);
    assert.equal(again.decrypt(sealed).toString(), 'secret');
    assert.equal(open().byPseudonym(keys.pseudonym)?.decrypt(sealed).toString(), 'secret');
  });

  check('a pseudonym is random and says nothing about the id', (open) => {
    const keys = open();
    const pseudonyms = new Set(Array.from({ length: 50 }, (_, i) => keys.subject(`user-${i}`).pseudonym));
    assert.equal(pseudonyms.size, 50);
    for (const pseudonym of pseudonyms) assert.match(pseudonym, /^s_[A-Za-z0-9_-]{22}$/);
  });

  check('the verify key alone, taken elsewhere, checks what was signed', (open) => {
    const keys = open();
    const bytes = Buffer.from('a verdict');
    const { value } = keys.sign(bytes);
    const key = createPublicKey(open().verifyKey());
    assert.ok(verify(null, bytes, key, Buffer.from(value, 'base64')));
    assert.ok(!verify(null, Buffer.from('another'), key, Buffer.from(value, 'base64')));
    assert.doesNotMatch(keys.verifyKey(), /PRIVATE/);
  });

  check('two clients that meet a subject at once agree on it', (open) => {
    const [a, b] = [open(), open()];
    for (let i = 0; i < 20; i++) {
      const [first, second] = i % 2 === 0 ? [a, b] : [b, a];
      assert.equal(first.subject(`s${i}`).pseudonym, second.subject(`s${i}`).pseudonym);
    }
  });

  check('subjects prepared together are those found one by one', (open) => {
    const keys = open();
    const before = keys.subject('s3').pseudonym;
    keys.prepare(Array.from({ length: 500 }, (_, i) => `s${i % 400}`));
    keys.prepare([]);
    const there = open();
    const found = new Set(Array.from({ length: 400 }, (_, i) => there.known(`s${i}`)?.pseudonym));
    assert.equal(found.size, 400);
    assert.ok(found.has(before) && !found.has(undefined));
    assert.equal(keys.subject('s7').pseudonym, there.subject('s7').pseudonym);
  });

  check('known() never makes a subject', (open) => {
    const keys = open();
    assert.equal(keys.known('nobody'), undefined);
    assert.equal(keys.known('nobody'), undefined);
    assert.equal(keys.byPseudonym('s_nobody'), undefined);
    const made = keys.subject('nobody');
    assert.equal(keys.known('nobody')?.pseudonym, made.pseudonym);
  });

  check('sealed bytes open only whole, for their subject and in their context', (open) => {
    const keys = open();
    const [ada, bob] = [keys.subject('ada'), keys.subject('bob')];
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

  check('an erased subject is gone for every client at once, also for keys already handed out', (open) => {
    const [here, there] = [open(), open()];
    const held = there.subject('ada');
    const sealed = held.encrypt(Buffer.from('secret'));
    const bob = there.subject('bob').encrypt(Buffer.from('bob'));
    assert.equal(here.erase('ada'), held.pseudonym);
    for (const keys of [here, there, open()]) {
      assert.equal(keys.known('ada'), undefined);
      assert.equal(keys.byPseudonym(held.pseudonym), undefined);
      assert.deepEqual([...keys.erased()], [held.pseudonym]);
      assert.equal(keys.subject('bob').decrypt(bob).toString(), 'bob');
    }
    assert.throws(() => held.decrypt(sealed), { code: 'MR_GOVERNANCE_SUBJECT_ERASED' });
    assert.throws(() => held.encrypt(sealed), { code: 'MR_GOVERNANCE_SUBJECT_ERASED' });
    assert.equal(here.erase('ada'), undefined);
    assert.equal(here.erase('nobody'), undefined);
  });

  check('a person who comes back after an erasure is someone new', (open) => {
    const keys = open();
    const before = keys.subject('ada').pseudonym;
    keys.erase('ada');
    const after = keys.subject('ada').pseudonym;
    assert.notEqual(after, before);
    assert.equal(keys.erase('ada'), after);
    assert.deepEqual([...keys.erased()].sort(), [before, after].sort());
  });

  check('a signature holds for its bytes only, for every client', (open) => {
    const bytes = Buffer.from('verdict: passed');
    const signature = open().sign(bytes);
    const keys = open();
    assert.equal(keys.verify(bytes, signature), true);
    assert.equal(keys.verify(Buffer.from('verdict: refused'), signature), false);
    assert.equal(keys.verify(bytes, { ...signature, value: keys.sign(Buffer.from('other')).value }), false);
    assert.equal(keys.verify(bytes, { ...signature, keyId: '0123456789abcdef' }), false);
    assert.equal(keys.verify(bytes, { ...signature, keyId: '../master' }), false);
    assert.equal(keys.verify(bytes, { ...signature, value: 'not base64 at all' }), false);
    assert.match(signature.keyId, /^[0-9a-f]{16}$/);
  });

  check('a secret is made once and is another for each name', (open) => {
    const token = open().secret('collector.token');
    assert.equal(Buffer.from(token, 'base64url').length, 32);
    assert.equal(open().secret('collector.token'), token);
    assert.notEqual(open().secret('serving.token'), token);
    assert.throws(() => open().secret('../x'), { code: 'MR_GOVERNANCE_SECRET_NAME' });
  });
}
