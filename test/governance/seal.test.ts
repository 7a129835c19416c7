import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { openBytes, openRow, sealBytes, sealRow } from '../../app/governance/seal.ts';
import { defineEvent } from '../../app/usecases/event.ts';
import { flag, integer, nullable, number, subject, text, timestamp } from '../../app/usecases/field.ts';

const visit = defineEvent({
  name: 'visit',
  id: 'id',
  time: 'at',
  key: 'who',
  fields: {
    id: text(),
    who: nullable(subject()),
    page: text(),
    address: nullable(text({ class: 'pii' })),
    age: nullable(integer({ class: 'pii' })),
    weight: nullable(number({ class: 'pii' })),
    smoker: nullable(flag({ class: 'pii' })),
    at: timestamp(),
  },
});

async function withKeys(body: (keys: KeyStore) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-seal-'));
  const keys = await openEmbeddedKeys(join(dir, 'keys'));
  try {
    await body(keys);
  } finally {
    await keys.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const row = { id: 'e1', who: 'ada@example.org', page: '/', address: '192.0.2.7', age: 36, weight: null, smoker: false, at: 1 };

test('any row opens to what was sealed, the subject as pseudonym', () =>
  withKeys(async (keys) => {
    const rows = fc.record({
      id: fc.string(),
      who: fc.constantFrom('ada', 'böb', '陈'),
      page: fc.string({ unit: 'grapheme' }),
      address: fc.option(fc.string({ unit: 'grapheme' })),
      age: fc.option(fc.integer()),
      weight: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
      smoker: fc.option(fc.boolean()),
      at: fc.integer(),
    });
    await fc.assert(
      fc.asyncProperty(rows, async (plain) => {
        const sealed = await sealRow(visit, plain, keys);
        assert.equal(sealed.who, (await keys.known(plain.who))?.pseudonym);
        for (const name of ['address', 'age', 'weight', 'smoker'] as const) {
          if (plain[name] === null) assert.equal(sealed[name], null);
          else assert.match(String(sealed[name]), /^enc:v1:[A-Za-z0-9_-]+$/);
        }
        assert.deepEqual(await openRow(visit, sealed, keys), { ...plain, who: sealed.who });
      }),
      { numRuns: 100 },
    );
  }));

test('no personal text is left in a sealed row, public fields are untouched', () =>
  withKeys(async (keys) => {
    const sealed = await sealRow(visit, row, keys);
    assert.doesNotMatch(JSON.stringify(sealed), /ada|192\.0\.2\.7|:36/);
    assert.equal(sealed.page, '/');
    assert.equal(sealed.at, 1);
  }));

test('a sealed value moved to another field or another person does not open', () =>
  withKeys(async (keys) => {
    const sealed = await sealRow(visit, row, keys);
    const broken = { code: 'MR_GOVERNANCE_CIPHERTEXT_BROKEN' };
    const { pseudonym: bob } = await keys.subject('bob');
    await assert.rejects(openRow(visit, { ...sealed, age: sealed.address ?? null }, keys), broken);
    await assert.rejects(openRow(visit, { ...sealed, who: bob }, keys), broken);
    await assert.rejects(openRow(visit, { ...sealed, address: 'in the clear' }, keys), broken);
  }));

test('rows and embeddings of an erased subject do not open, those of others do', () =>
  withKeys(async (keys) => {
    const ada = await sealRow(visit, row, keys);
    const bob = await sealRow(visit, { ...row, who: 'bob' }, keys);
    const vector = await sealBytes(String(ada.who), Buffer.from([1, 2, 3]), keys);
    assert.ok(vector);
    assert.deepEqual(await openBytes(String(ada.who), vector, keys), Buffer.from([1, 2, 3]));
    await keys.erase('ada@example.org');
    assert.equal(await openRow(visit, ada, keys), undefined);
    assert.equal(await openBytes(String(ada.who), vector, keys), undefined);
    assert.equal(await sealBytes(String(ada.who), Buffer.from([1]), keys), undefined);
    assert.equal((await openRow(visit, bob, keys))?.address, '192.0.2.7');
  }));

test('personal data of nobody is refused by name of the field', () =>
  withKeys(async (keys) => {
    await assert.rejects(sealRow(visit, { ...row, who: null }, keys), {
      code: 'MR_GOVERNANCE_SUBJECT_MISSING',
      field: 'visit.address',
    });
    const bare = { ...row, who: null, address: null, age: null, smoker: null };
    assert.equal(await sealRow(visit, bare, keys), bare);
  }));
