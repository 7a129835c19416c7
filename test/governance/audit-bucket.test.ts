import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openBucketAudit } from '../../app/governance/audit-sink/bucket.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';
import { act } from '../contracts/audit-sink.ts';
import { bucketAuditGround } from './audit-ground.ts';

type Ground = Awaited<ReturnType<typeof bucketAuditGround>>;

/** Records in each of the segments that `onBucket` writes. */
const SEGMENTS = [1, 3, 2, 1, 4, 1];
const FIRSTS = SEGMENTS.map((_, index) => SEGMENTS.slice(0, index).reduce((sum, count) => sum + count, 0));
const SIZE = 12;

async function onBucket(body: (objects: ObjectStore, ground: Ground) => Promise<void>, segments: readonly number[] = SEGMENTS) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-audit-bucket-'));
  const ground = await bucketAuditGround(() => openEmbeddedObjects(folder));
  try {
    const sink = await ground.open();
    let number = 0;
    for (const count of segments) await Promise.all(Array.from({ length: count }, () => sink.append(act(number++))));
    await body(await openEmbeddedObjects(folder), ground);
  } finally {
    await ground.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const records = (first: number) => `records/${String(first).padStart(16, '0')}.jsonl`;
const checkpoint = (first: number) => `checkpoints/${String(first).padStart(16, '0')}.json`;

/** What a fresh client finds, and whether it takes a further record. */
async function judge(ground: Ground) {
  const sink = await ground.open();
  const verdict = await sink.verify();
  const appended = await sink.append(act(1)).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
  return { verdict, appended };
}

test('acts that wait together are one object, and each object has its signed checkpoint in the second place', () =>
  onBucket(async (objects) => {
    assert.deepEqual(
      (await objects.list('')).map(({ key }) => key),
      [...FIRSTS.map(checkpoint), ...FIRSTS.map(records)],
    );
  }));

test('random tamperings with the objects: each is found, no later than at the segment it touches', () =>
  onBucket(async (objects, ground) => {
    const keys = (await objects.list('')).map(({ key }) => key);
    const key = fc.constantFrom(...keys);
    const tampering = fc.oneof(
      fc.record({ kind: fc.constant('edit' as const), key, byte: fc.nat(10_000), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('cut' as const), key, byte: fc.nat(10_000) }),
      fc.record({ kind: fc.constant('swap' as const), key, other: key }).filter((one) => one.key !== one.other),
      fc.record({ kind: fc.constant('lengthen' as const), key }),
    );
    const firstOf = (name: string) => Number(/(\d{16})/.exec(name)?.[1]);
    await fc.assert(
      fc.asyncProperty(tampering, async (change) => {
        const touched = 'other' in change ? [change.key, change.other] : [change.key];
        const whole = await Promise.all(touched.map((name) => objects.get(name)));
        const [body = Buffer.alloc(0), other = Buffer.alloc(0)] = whole.map((bytes) => Buffer.from(bytes));
        if (change.kind === 'edit') {
          const at = change.byte % body.length;
          body.writeUInt8(body.readUInt8(at) ^ (1 << change.bit), at);
          await objects.put(change.key, body);
        } else if (change.kind === 'delete') await objects.delete(change.key);
        else if (change.kind === 'cut') await objects.put(change.key, body.subarray(0, change.byte % body.length));
        else if (change.kind === 'lengthen') await objects.put(change.key, Buffer.concat([body, body]));
        else {
          await objects.put(change.key, other);
          await objects.put(change.other, body);
        }
        try {
          const { verdict, appended } = await judge(ground);
          // The newest checkpoint may be missing: who wrote the records may have died just then.
          if (change.kind === 'delete' && change.key === checkpoint(FIRSTS.at(-1) ?? 0)) {
            assert.deepEqual([verdict.verified, appended], [true, 'taken']);
            await objects.delete(records(SIZE));
            await objects.delete(checkpoint(SIZE));
            return;
          }
          assert.equal(verdict.verified, false);
          assert.equal(appended, 'MR_GOVERNANCE_AUDIT_BROKEN');
          if (verdict.verified) return;
          const first = Math.min(...touched.map(firstOf));
          const count = SEGMENTS[FIRSTS.indexOf(first)] ?? 0;
          assert.ok(verdict.brokenAt >= first && verdict.brokenAt <= first + count, `${verdict.brokenAt}: ${verdict.reason}`);
        } finally {
          for (const [index, name] of touched.entries()) await objects.put(name, whole[index] ?? Buffer.alloc(0));
        }
      }),
      { numRuns: 150 },
    );
    assert.equal((await (await ground.open()).verify()).verified, true);
  }));

test('a record of a stranger, signed with a key of his own or not at all, is found and stops the log', () =>
  onBucket(async (objects, ground) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-stranger-'));
    const keys = await openEmbeddedKeys(join(folder, 'keys'));
    try {
      const { location: _place, ...store } = await openEmbeddedObjects(join(folder, 'objects'));
      const stranger = await openBucketAudit({ objects: store, keys, clock: { now: () => 1 } });
      await stranger.append(act(1));
      const forged = (await store.get(records(0))).toString().replace('"index":0', `"index":${SIZE}`);
      for (const signed of [false, true]) {
        await objects.put(records(SIZE), Buffer.from(forged));
        if (signed) await objects.put(checkpoint(SIZE), await store.get(checkpoint(0)));
        const { verdict, appended } = await judge(ground);
        assert.ok(!verdict.verified && verdict.brokenAt === SIZE, JSON.stringify(verdict));
        assert.equal(appended, 'MR_GOVERNANCE_AUDIT_BROKEN');
      }
    } finally {
      await keys.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }));

test('what a writer left that died between the two places is finished by the next, and nothing is doubled', () =>
  onBucket(async (objects, ground) => {
    const dies: ObjectStore = {
      ...objects,
      putIfAbsent: async (key, body) => {
        if (key.startsWith('checkpoints/')) throw new Error('died here');
        return objects.putIfAbsent(key, body);
      },
    };
    await assert.rejects((await ground.openOn(dies)).append(act(20)), /died here/);
    assert.equal(await objects.has(checkpoint(SIZE)), false);
    const reader = await ground.openOn({ ...objects, putIfAbsent: () => assert.fail('who only reads puts nothing') });
    assert.equal((await reader.verify()).verified, true);
    assert.equal((await reader.read(SIZE)).length, 1);
    const next = await ground.open();
    assert.equal((await next.append(act(21))).index, SIZE + 1);
    assert.equal(await objects.has(checkpoint(SIZE)), true);
    const verdict = await next.verify();
    assert.deepEqual([verdict.verified, verdict.size], [true, SIZE + 2]);
  }));

test('an outage on the way leaves the client right: it goes on where the log stands', () =>
  onBucket(async (objects, ground) => {
    let away = false;
    let calls = 0;
    const flaky: ObjectStore = {
      ...objects,
      get: async (key) => {
        if (away && ++calls > 4) throw new Error('away');
        return objects.get(key);
      },
    };
    const client = await ground.openOn(flaky);
    const other = await ground.open();
    for (let number = 0; number < 4; number += 1) await other.append(act(number));
    away = true;
    await assert.rejects(client.size(), /away/);
    away = false;
    assert.equal((await client.append(act(9))).index, SIZE + 4);
    assert.equal((await client.verify()).verified, true);
  }));

test('writers at once, some of whom die: the log has no gap, no fork, and every record that was confirmed', () =>
  onBucket(async (objects, ground) => {
    let puts = 0;
    const mortal = (lives: number): ObjectStore => ({
      ...objects,
      putIfAbsent: async (key, body) => {
        puts += 1;
        if (lives-- <= 0) throw new Error('died');
        return objects.putIfAbsent(key, body);
      },
    });
    const confirmed: number[] = [];
    const clients = await Promise.all([3, 4, 9, 1_000, 1_000].map((lives) => ground.openOn(mortal(lives))));
    const acts = clients.flatMap((client, who) =>
      Array.from({ length: 10 }, (_, index) => ({ client, number: 100 * who + index })),
    );
    for (let from = 0; from < acts.length; from += 3) {
      const outcomes = await Promise.allSettled(
        acts
          .filter((_, index) => index % 17 === from % 17 || index % 3 === from % 3)
          .map(({ client, number }) => client.append(act(number))),
      );
      for (const outcome of outcomes) if (outcome.status === 'fulfilled') confirmed.push(outcome.value.index);
    }
    assert.ok(puts > 20);
    const client = await ground.open();
    const stored = await client.read(0, 10_000);
    assert.deepEqual(
      stored.map(({ index }) => index),
      stored.map((_, index) => index),
    );
    assert.equal(new Set(confirmed).size, confirmed.length);
    assert.ok(confirmed.every((index) => index < stored.length));
    assert.equal((await client.verify()).verified, true);
  }));
