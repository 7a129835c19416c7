import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { type Disk, systemDisk } from '../../app/ingestion/event-log/disk.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { encodeFrame } from '../../app/ingestion/event-log/frame.ts';
import { readAll } from '../contracts/event-log.ts';

const folders: string[] = [];
const folder = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-log-'));
  folders.push(dir);
  return dir;
};
after(async () => {
  for (const dir of folders) await rm(dir, { recursive: true, force: true });
});

const code = (expected: string) => (error: { code?: string }) => error.code === expected;
const records = (...values: string[]) => values.map((value) => ({ key: 'k', value: Buffer.from(value) }));
const values = (found: readonly { value: Buffer }[]) => found.map(({ value }) => value.toString());
const TOPIC = { name: 't', partitions: 1 };

/** A log of one partition with these appends, closed, and the path of its segment. */
async function written(...appends: string[][]) {
  const dir = await folder();
  const log = await openEmbeddedLog(dir);
  await log.ensureTopic(TOPIC);
  for (const append of appends) await log.append('t', records(...append));
  await log.close();
  return { dir, file: join(dir, 't', '0', '0000000000000000.seg') };
}

test('a torn tail is cut at open with a log line, and the log goes on from there', async () => {
  const { dir, file } = await written(['a', 'b'], ['c']);
  const whole = (await stat(file)).size;
  await appendFile(file, encodeFrame(3, 0, records('torn', 'tail')).subarray(0, -1));
  const lines: string[] = [];
  const log = await openEmbeddedLog(dir, { logger: pino({}, { write: (line: string) => void lines.push(line) }) });
  assert.deepEqual(await log.endOffsets('t'), [3]);
  assert.equal((await stat(file)).size, whole);
  assert.match(lines.join(''), /cut the torn tail/);
  assert.match(lines.join(''), new RegExp(`"position":${whole}`));
  assert.deepEqual(await log.append('t', records('d')), [{ partition: 0, offset: 3 }]);
  assert.deepEqual(values(await log.read('t', 0, 0, 10)), ['a', 'b', 'c', 'd']);
  await log.close();
});

test('wherever the tail is torn, what stands before it is kept and nothing else appears', async () => {
  const { dir, file } = await written(['a', 'b'], ['c'], ['dd', 'e']);
  const bytes = await readFile(file);
  const ends = [
    [0, 0],
    [2, encodeFrame(0, 0, records('a', 'b')).length],
    [3, encodeFrame(0, 0, records('a', 'b')).length + encodeFrame(0, 0, records('c')).length],
    [5, bytes.length],
  ] as const;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (length) => {
      await writeFile(file, bytes);
      await truncate(file, length);
      const log = await openEmbeddedLog(dir);
      const kept = ends.filter(([, end]) => end <= length).at(-1)?.[0] ?? 0;
      assert.deepEqual(await log.endOffsets('t'), [kept]);
      assert.deepEqual(values(await log.read('t', 0, 0, 10)), ['a', 'b', 'c', 'dd', 'e'].slice(0, kept));
      await log.close();
    }),
    { numRuns: 40 },
  );
});

test('a damaged byte before whole frames is an error that names file and position, and nothing is cut', async () => {
  const { dir, file } = await written(['first'], ['second'], ['third']);
  const position = encodeFrame(0, 0, records('first')).length;
  for (const at of [position + 4, position + 40]) {
    const bytes = await readFile(file);
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    await writeFile(file, bytes);
    await assert.rejects(openEmbeddedLog(dir), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'MR_INGESTION_LOG_CORRUPT');
      assert.match(error.message, /0000000000000000\.seg/);
      assert.match(error.message, new RegExp(`byte ${position}:`));
      return true;
    });
    assert.equal((await stat(file)).size, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    await writeFile(file, bytes);
  }
});

test('damage in an older segment is an error when it is read, not a gap', async () => {
  const dir = await folder();
  const log = await openEmbeddedLog(dir, { segmentBytes: 1 });
  await log.ensureTopic(TOPIC);
  for (const value of ['a', 'b', 'c']) await log.append('t', records(value));
  await log.close();
  const [first = ''] = (await readdir(join(dir, 't', '0'))).sort();
  const file = await open(join(dir, 't', '0', first), 'r+');
  await file.write(Buffer.from('z'), 0, 1, 41);
  await file.close();
  const again = await openEmbeddedLog(dir, { segmentBytes: 1 });
  await assert.rejects(again.read('t', 0, 0, 3), code('MR_INGESTION_LOG_CORRUPT'));
  assert.deepEqual(values(await again.read('t', 0, 1, 3)), ['b', 'c']);
  await again.close();
});

test('a second writer is refused, and a closed log lets the next one in', async () => {
  const dir = await folder();
  const log = await openEmbeddedLog(dir);
  await assert.rejects(openEmbeddedLog(dir), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'MR_INGESTION_LOG_LOCKED');
    assert.match(error.message, new RegExp(`process ${process.pid}`));
    return true;
  });
  await log.close();
  await (await openEmbeddedLog(dir)).close();
});

test('a full disk refuses the append by code, keeps nothing of it in any partition, and the log goes on', async () => {
  const dir = await folder();
  let room = Number.POSITIVE_INFINITY;
  const disk: Disk = {
    async write(file, bytes, position) {
      await systemDisk.write(file, bytes.subarray(0, Math.min(bytes.length, room)), position);
      if (bytes.length > room) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      room -= bytes.length;
    },
    sync: systemDisk.sync,
  };
  const log = await openEmbeddedLog(dir, { disk });
  await log.ensureTopic({ name: 'wide', partitions: 4 });
  const many = (tag: string) => Array.from({ length: 40 }, (_, i) => ({ key: String(i), value: Buffer.from(`${tag}${i}`) }));
  await log.append('wide', many('a'));
  const before = await log.endOffsets('wide');
  const sizes = await Promise.all(
    [0, 1, 2, 3].map((p) => stat(join(dir, 'wide', String(p), '0000000000000000.seg')).then(({ size }) => size)),
  );
  room = 500;
  await assert.rejects(log.append('wide', many('b')), code('MR_INGESTION_DISK_FULL'));
  assert.deepEqual(await log.endOffsets('wide'), before);
  assert.deepEqual(
    await Promise.all(
      [0, 1, 2, 3].map((p) => stat(join(dir, 'wide', String(p), '0000000000000000.seg')).then(({ size }) => size)),
    ),
    sizes,
  );
  room = Number.POSITIVE_INFINITY;
  await log.append('wide', many('c'));
  await log.close();
  const again = await openEmbeddedLog(dir);
  assert.deepEqual(
    values(await readAll(again, 'wide')).toSorted(),
    [...many('a'), ...many('c')].map(({ value }) => value.toString()).toSorted(),
  );
  await again.close();
});

test('after a failed sync the topic takes no more: what the disk holds is unknown until it is read again', async () => {
  const dir = await folder();
  let broken = false;
  const disk: Disk = {
    write: systemDisk.write,
    async sync(file) {
      if (broken) throw Object.assign(new Error('input/output error'), { code: 'EIO' });
      await systemDisk.sync(file);
    },
  };
  const log = await openEmbeddedLog(dir, { disk });
  await log.ensureTopic(TOPIC);
  await log.append('t', records('a'));
  broken = true;
  await assert.rejects(log.append('t', records('b')), code('MR_INGESTION_LOG_FAILED'));
  broken = false;
  await assert.rejects(log.append('t', records('c')), code('MR_INGESTION_LOG_FAILED'));
  assert.deepEqual(values(await log.read('t', 0, 0, 9)), ['a']);
  await log.close();
});

test('appends of one moment share a sync', async () => {
  const dir = await folder();
  let syncs = 0;
  const disk: Disk = {
    write: systemDisk.write,
    async sync(file) {
      syncs += 1;
      await systemDisk.sync(file);
    },
  };
  const log = await openEmbeddedLog(dir, { disk });
  await log.ensureTopic(TOPIC);
  await Promise.all(Array.from({ length: 100 }, (_, i) => log.append('t', records(String(i)))));
  assert.equal(syncs, 1);
  await log.close();
});

test('kill -9 while appending: what was acknowledged is stored, once, in order, and the folder opens', async () => {
  const dir = await folder();
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'appending-child.ts'), dir, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(...line.split(' '));
      if (acknowledged.length > 150) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const log = await openEmbeddedLog(dir);
    const stored = await readAll(log, 'busy');
    const mine = stored.map(({ value }) => value.toString().trim()).filter((value) => value.startsWith(`${round}-`));
    assert.equal(new Set(mine).size, mine.length);
    const held = new Set(mine);
    assert.deepEqual(
      acknowledged.filter((value) => !held.has(value)),
      [],
    );
    for (const partition of [0, 1, 2]) {
      const numbers = stored
        .filter((record) => record.partition === partition)
        .map(({ value }) => value.toString().trim().split('-').map(Number) as [number, number]);
      assert.deepEqual(
        numbers,
        numbers.toSorted(([a, b], [c, d]) => a - c || b - d),
      );
    }
    await log.close();
  }
});
