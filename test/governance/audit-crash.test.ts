import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { act } from '../contracts/audit-sink.ts';
import { type AuditGround, auditGround } from './audit-ground.ts';

async function onGround(body: (ground: AuditGround) => Promise<void>): Promise<void> {
  const ground = await auditGround();
  try {
    await body(ground);
  } finally {
    await ground.end();
  }
}

const module = (path: string): string => JSON.stringify(new URL(`../../app/${path}`, import.meta.url).href);

/** A process that appends for ever, several acts at once, and prints the index and subject of each one acknowledged. */
function appender(ground: AuditGround, name: string) {
  const code = `
    const { openEmbeddedKeys } = await import(${module('governance/keys/embedded.ts')});
    const { openEmbeddedAudit } = await import(${module('governance/audit-sink/embedded.ts')});
    const { systemClock } = await import(${module('clock/embedded.ts')});
    const { writeSync } = await import('node:fs');
    const audit = await openEmbeddedAudit({
      dir: ${JSON.stringify(ground.dir)}, witnessDir: ${JSON.stringify(ground.witnessDir)},
      keys: await openEmbeddedKeys(${JSON.stringify(join(ground.root, 'keys'))}), clock: systemClock,
    });
    let n = 0;
    const one = async () => {
      for (;;) {
        const subject = '${name}-' + n++;
        const { index } = await audit.append({ action: 'delivery.gate.verdict', actor: 'gate', subject, outcome: 'done' });
        writeSync(1, index + ' ' + subject + '\\n');
      }
    };
    await Promise.all([one(), one(), one()]);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    acknowledged.push(...lines);
  });
  return { child, acknowledged };
}

test('kill -9 of two appending processes, again and again: the log stays whole, every acknowledged record is in its place', () =>
  onGround(async (ground) => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round++) {
      const writers = [appender(ground, `a${round}`), appender(ground, `b${round}`)];
      while (writers.some((writer) => writer.acknowledged.length < 6)) await wait(5);
      await wait(Math.random() * 30);
      for (const { child } of writers) child.kill('SIGKILL');
      await Promise.all(writers.map(({ child }) => once(child, 'close')));
      acknowledged.push(...writers.flatMap((writer) => writer.acknowledged));
    }
    const sink = await ground.open();
    const verdict = await sink.verify();
    assert.equal(verdict.verified, true, JSON.stringify(verdict));
    const stored = await sink.read(0, 1_000_000);
    assert.ok(acknowledged.length >= 60);
    for (const line of acknowledged) {
      const [index, subject] = line.split(' ');
      assert.equal(stored[Number(index)]?.subject, subject);
    }
    assert.equal((await sink.append(act(1))).index, stored.length);
  }));

/** States that a crash can leave: files cut between and within the three writes. */
const CRASHES = [
  ['in the middle of the record', { records: 40, local: 0, witness: 0 }, 3],
  ['after the record', { records: 'all', local: 0, witness: 0 }, 4],
  ['in the middle of the checkpoint', { records: 'all', local: 50, witness: 0 }, 4],
  ['after the checkpoint', { records: 'all', local: 'all', witness: 0 }, 4],
  ['in the middle of the witness', { records: 'all', local: 'all', witness: 50 }, 4],
] as const;

for (const [where, kept, size] of CRASHES) {
  test(`a crash ${where} is finished or undone at the next opening`, () =>
    onGround(async (ground) => {
      const files = {
        records: join(ground.dir, 'records.jsonl'),
        local: join(ground.dir, 'checkpoints.jsonl'),
        witness: join(ground.witnessDir, 'checkpoints.jsonl'),
      };
      const first = await ground.open();
      for (let i = 0; i < 3; i++) await first.append(act(i));
      const before = Object.entries(files).map(([name, path]) => [name, readFileSync(path).length] as const);
      await first.append(act(3));
      await first.close();
      for (const [name, bytes] of before) {
        const keep = kept[name as keyof typeof kept];
        if (keep !== 'all') truncateSync(files[name as keyof typeof files], bytes + keep);
      }
      const sink = await ground.open();
      assert.equal(await sink.size(), size);
      assert.equal((await sink.verify()).verified, true);
      assert.equal((await sink.append(act(9))).index, size);
      assert.equal((await (await ground.open()).verify()).verified, true);
      assert.equal(readFileSync(files.witness, 'utf8').split('\n').length, size + 2);
    }));
}

test('a sink that is open finishes what another, killed process left', () =>
  onGround(async (ground) => {
    const [sink, other] = [await ground.open(), await ground.open()];
    await sink.append(act(0));
    await other.append(act(1));
    appendFileSync(join(ground.dir, 'records.jsonl'), '{"action":"torn');
    assert.equal((await sink.append(act(2))).index, 2);
    assert.equal((await other.verify()).verified, true);
  }));

for (const [nth, where] of ['record', 'checkpoint', 'witness'].entries()) {
  test(`a disk that is full in the middle of the ${where} leaves no trace of the act, and the next one is taken`, () =>
    onGround(async (ground) => {
      const sink = await ground.open();
      await sink.append(act(0));
      const paths = [
        join(ground.dir, 'records.jsonl'),
        join(ground.dir, 'checkpoints.jsonl'),
        join(ground.witnessDir, 'checkpoints.jsonl'),
      ];
      const before = paths.map((path) => readFileSync(path));
      let writes = 0;
      const write = fs.writeSync;
      const full = (file: number, body: Buffer, offset: number, _length: number, position: number): number => {
        if (writes++ < nth) return write(file, body, offset, _length, position);
        write(file, body, offset, 10, position);
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
      fs.writeSync = full as typeof fs.writeSync;
      syncBuiltinESMExports();
      try {
        await assert.rejects(sink.append(act(1)), { code: 'MR_GOVERNANCE_AUDIT_FULL', message: /ENOSPC/ });
      } finally {
        fs.writeSync = write;
        syncBuiltinESMExports();
      }
      assert.equal(writes, nth + 1);
      assert.deepEqual(
        paths.map((path) => readFileSync(path)),
        before,
      );
      assert.equal((await sink.append(act(2))).index, 1);
      assert.equal((await (await ground.open()).verify()).verified, true);
    }));
}
