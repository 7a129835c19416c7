import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { openEmbeddedAudit } from '../../app/governance/audit-sink/embedded.ts';
import { act } from '../contracts/audit-sink.ts';
import { type AuditGround, auditGround } from './audit-ground.ts';

const SIZE = 12;

/** Runs a body on a log of `SIZE` records. */
async function onLog(body: (ground: AuditGround) => Promise<void>): Promise<void> {
  const ground = await auditGround();
  try {
    const sink = await ground.open();
    for (let i = 0; i < SIZE; i++) await sink.append(act(i));
    await sink.close();
    await body(ground);
  } finally {
    await ground.end();
  }
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** Puts `body` in place of the file, verifies, tries to append, and puts the file back. */
async function judge(ground: AuditGround, path: string, body: string | Buffer) {
  const whole = readFileSync(path);
  writeFileSync(path, body);
  try {
    const sink = await ground.open();
    const verdict = await sink.verify();
    const appended = await sink.append(act(1)).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
    await sink.close();
    return { verdict, appended };
  } finally {
    writeFileSync(path, whole);
  }
}

async function assertBroken(
  ground: AuditGround,
  path: string,
  body: string | Buffer,
  at: number,
  reason?: RegExp,
): Promise<void> {
  const { verdict, appended } = await judge(ground, path, body);
  assert.equal(verdict.verified, false);
  if (verdict.verified) return;
  assert.equal(verdict.brokenAt, at, verdict.reason);
  if (reason !== undefined) assert.match(verdict.reason, reason);
  assert.equal(appended, 'MR_GOVERNANCE_AUDIT_BROKEN', 'a broken log takes no further record');
}

test('320 random tamperings with the records: each is found, at the first record it touches', () =>
  onLog(async (ground) => {
    const path = join(ground.dir, 'records.jsonl');
    const lines = linesOf(path);
    const place = fc.nat(SIZE - 1);
    const tampering = fc.oneof(
      fc.record({ kind: fc.constant('edit' as const), i: place, byte: fc.nat(10_000), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant('delete' as const), i: place, count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('swap' as const), i: place, j: place }).filter(({ i, j }) => i !== j),
      fc.record({ kind: fc.constant('insert' as const), i: fc.nat(SIZE), j: place }),
      fc.record({ kind: fc.constant('renumber' as const), i: place }),
      fc.record({ kind: fc.constant('cut' as const), i: place, byte: fc.nat(10_000) }),
    );
    await fc.assert(
      fc.asyncProperty(tampering, async (change) => {
        const next = [...lines];
        const at = Math.min(change.i, SIZE);
        const line = next[change.i] ?? '';
        if (change.kind === 'edit') {
          const bytes = Buffer.from(`${line}\n`);
          const index = change.byte % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ (1 << change.bit);
          const [before, after] = [Buffer.from(text(next.slice(0, change.i))), Buffer.from(text(next.slice(change.i + 1)))];
          return assertBroken(ground, path, Buffer.concat([before, bytes, after]), at);
        }
        if (change.kind === 'delete') next.splice(change.i, change.count);
        if (change.kind === 'swap') {
          [next[change.i], next[change.j]] = [next[change.j] ?? '', line];
          return assertBroken(ground, path, text(next), Math.min(change.i, change.j));
        }
        if (change.kind === 'insert') next.splice(change.i, 0, next[change.j] ?? '');
        if (change.kind === 'renumber') next[change.i] = line.replace(`"index":${change.i}`, `"index":${change.i + 1}`);
        if (change.kind === 'cut') {
          const bytes = Buffer.from(text(next));
          const start = Buffer.byteLength(text(next.slice(0, change.i)));
          return assertBroken(
            ground,
            path,
            bytes.subarray(0, start + (change.byte % (Buffer.byteLength(line) + 1))),
            at,
            /missing/,
          );
        }
        // A copy of the record put in just before itself shows in the place behind.
        const expected = change.kind === 'insert' && change.j === change.i ? change.i + 1 : at;
        return assertBroken(ground, path, text(next), expected);
      }),
      { numRuns: 320 },
    );
    assert.deepEqual((await judge(ground, path, text(lines))).verdict.verified, true);
  }));

test('a changed, removed or foreign checkpoint is found in either place', () =>
  onLog(async (ground) => {
    for (const dir of [ground.dir, ground.witnessDir]) {
      const path = join(dir, 'checkpoints.jsonl');
      const lines = linesOf(path);
      await fc.assert(
        fc.asyncProperty(fc.nat(SIZE - 1), fc.nat(10_000), fc.nat(7), async (i, byte, bit) => {
          const bytes = Buffer.from(lines[i] ?? '');
          const index = byte % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
          const body = Buffer.concat([Buffer.from(text(lines.slice(0, i))), bytes, Buffer.from(`\n${text(lines.slice(i + 1))}`)]);
          await assertBroken(ground, path, body, i);
        }),
        { numRuns: 50 },
      );
      await assertBroken(ground, path, text(lines.filter((_, i) => i !== 7)), 7, /size 9, not 8/);
    }
    const local = join(ground.dir, 'checkpoints.jsonl');
    await assertBroken(ground, local, text(linesOf(local).slice(0, -1)), SIZE - 1, /lost a checkpoint/);
  }));

test('a tail cut from records and checkpoints together is found by the witness', () =>
  onLog(async (ground) => {
    const local = join(ground.dir, 'checkpoints.jsonl');
    const records = join(ground.dir, 'records.jsonl');
    const whole = readFileSync(local);
    writeFileSync(local, text(linesOf(local).slice(0, 9)));
    await assertBroken(ground, records, text(linesOf(records).slice(0, 9)), 9, /missing.*witness has seen 12/);
    writeFileSync(local, whole);
  }));

test('an old copy of the whole folder, rolled back, is found by the witness; also by a sink that was open meanwhile', async () => {
  const ground = await auditGround();
  try {
    const sink = await ground.open();
    for (let i = 0; i < 5; i++) await sink.append(act(i));
    const copy = join(ground.root, 'copy');
    for (const name of ['records.jsonl', 'checkpoints.jsonl']) cpSync(join(ground.dir, name), join(copy, name));
    for (let i = 5; i < 9; i++) await sink.append(act(i));
    for (const name of ['records.jsonl', 'checkpoints.jsonl']) cpSync(join(copy, name), join(ground.dir, name));
    for (const judge of [sink, await ground.open()]) {
      const verdict = await judge.verify();
      assert.deepEqual(verdict, {
        verified: false,
        size: 5,
        brokenAt: 5,
        reason: 'records are missing from here on: the witness has seen 9 of them',
      });
      await assert.rejects(judge.append(act(1)), { code: 'MR_GOVERNANCE_AUDIT_BROKEN', value: 5 });
    }
  } finally {
    await ground.end();
  }
});

test('a log rewritten from the start with the real signing key contradicts the witness at the first changed record', () =>
  onLog(async (ground) => {
    const forged = { dir: join(ground.root, 'forged'), witnessDir: join(ground.root, 'forged-witness') };
    const clock = {
      now: (
        (now) => () =>
          now++
      )(1_767_225_600_000_000),
    };
    const forger = await openEmbeddedAudit({ ...forged, keys: ground.keys, clock });
    for (let i = 0; i < SIZE + 3; i++) await forger.append(i === 3 ? { ...act(i), actor: 'someone-else' } : act(i));
    assert.equal((await forger.verify()).verified, true);
    await forger.close();
    for (const name of ['records.jsonl', 'checkpoints.jsonl']) cpSync(join(forged.dir, name), join(ground.dir, name));
    const verdict = await (await ground.open()).verify();
    assert.equal(verdict.verified, false);
    // Records 0 to 2 are the same bytes with the same times, so the lie begins at 3.
    assert.equal(!verdict.verified && verdict.brokenAt, 3);
  }));

test('a record written behind the tail by someone without the key is not adopted', () =>
  onLog(async (ground) => {
    const path = join(ground.dir, 'records.jsonl');
    const lines = linesOf(path);
    const forged = (lines[SIZE - 1] ?? '').replace(`"index":${SIZE - 1}`, `"index":${SIZE}`);
    await assertBroken(ground, path, text([...lines, forged]), SIZE, /put in from outside/);
  }));

test('a lost log and a lost witness are both found', () =>
  onLog(async (ground) => {
    rmSync(ground.dir, { recursive: true });
    mkdirSync(ground.dir, { mode: 0o700 });
    const lost = await (await ground.open()).verify();
    assert.deepEqual(lost, {
      verified: false,
      size: 0,
      brokenAt: 0,
      reason: 'records are missing from here on: the witness has seen 12 of them',
    });
  }));

test('a witness that lost more than a crash can explain is found', async () => {
  const ground = await auditGround();
  try {
    const sink = await ground.open();
    for (let i = 0; i < 40; i++) await sink.append(act(i));
    await sink.close();
    await assertBroken(ground, join(ground.witnessDir, 'checkpoints.jsonl'), '', 0, /witness has no checkpoint/);
  } finally {
    await ground.end();
  }
});
