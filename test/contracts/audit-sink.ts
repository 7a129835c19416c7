import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditAct, AuditSink } from '../../app/governance/audit-sink/port.ts';

/** A ground for one test: every `open()` is another client of the same log, as another process would be. */
export interface AuditSinkGround {
  open(): Promise<AuditSink>;
  end(): Promise<void>;
}

export const act = (number: number): AuditAct => ({
  action: 'registry.version.promote',
  actor: 'release-manager',
  subject: `retail-recommender@${number}`,
  outcome: number % 3 === 0 ? 'refused' : 'allowed',
  detail: { reason: `because "${number}" — ü`, number, forced: false, before: null },
});

/** What every audit sink promises. */
export function auditSinkContract(adapter: string, ground: () => Promise<AuditSinkGround>): void {
  const check = (name: string, body: (open: () => Promise<AuditSink>) => Promise<void>) =>
    test(`${adapter}: ${name}`, async () => {
      const { open, end } = await ground();
      try {
        await body(open);
      } finally {
        await end();
      }
    });

  check('an empty log is whole', async (open) => {
    const sink = await open();
    assert.equal(await sink.size(), 0);
    assert.deepEqual(await sink.read(), []);
    assert.deepEqual(await sink.verify(), {
      verified: true,
      size: 0,
      root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    });
  });

  check('records are numbered from 0, timed, and read back as they were given', async (open) => {
    const sink = await open();
    for (let i = 0; i < 5; i++) {
      const record = await sink.append(act(i));
      assert.equal(record.index, i);
      assert.ok(Number.isSafeInteger(record.at));
      assert.match(record.leaf, /^[0-9a-f]{64}$/);
    }
    const records = await (await open()).read();
    assert.deepEqual(
      records.map(({ index, at, leaf, ...rest }) => rest),
      [0, 1, 2, 3, 4].map(act),
    );
    assert.deepEqual(
      (await sink.read(3)).map(({ index }) => index),
      [3, 4],
    );
    assert.deepEqual(
      (await sink.read(1, 2)).map(({ index }) => index),
      [1, 2],
    );
    assert.deepEqual(await sink.read(5), []);
    assert.deepEqual(await sink.read(2, 0), []);
    assert.deepEqual(await sink.read(99), []);
  });

  check('acts appended at once by several clients each get a place of their own', async (open) => {
    const clients = await Promise.all([open(), open(), open()]);
    const records = await Promise.all(Array.from({ length: 60 }, (_, i) => (clients[i % 3] as AuditSink).append(act(i))));
    assert.deepEqual(
      records.map(({ index }) => index).sort((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i),
    );
    for (const client of clients) {
      assert.equal(await client.size(), 60);
      assert.equal((await client.verify()).verified, true);
    }
    const stored = await (clients[0] as AuditSink).read();
    for (const record of records) assert.deepEqual(stored[record.index], record);
  });

  check('a restarted log goes on where it stood, and its root depends on every record', async (open) => {
    const first = await open();
    await first.append(act(1));
    const before = await first.verify();
    await first.close();
    const second = await open();
    assert.deepEqual(await second.verify(), before);
    assert.equal((await second.append(act(2))).index, 1);
    const after = await second.verify();
    assert.ok(before.verified && after.verified && before.root !== after.root);
  });

  check('an act outside the catalogue is refused and leaves no record', async (open) => {
    const sink = await open();
    await assert.rejects(sink.append({ ...act(1), action: 'registry.version.destroy' }), {
      code: 'MR_GOVERNANCE_ACTION_UNKNOWN',
      field: 'action',
    });
    assert.equal(await sink.size(), 0);
  });

  check('a number without JSON form is kept as text', async (open) => {
    const sink = await open();
    await sink.append({ ...act(1), detail: { ratio: Number.NaN, bound: Number.POSITIVE_INFINITY } });
    assert.deepEqual((await sink.read())[0]?.detail, { ratio: 'NaN', bound: 'Infinity' });
    assert.equal((await sink.verify()).verified, true);
  });
}
