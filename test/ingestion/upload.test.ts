import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { manifestPath, writeManifest } from '../../app/ingestion/manifest.ts';
import { eventTopic } from '../../app/ingestion/topics.ts';
import { upload } from '../../app/ingestion/upload.ts';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { readAll } from '../contracts/event-log.ts';
import { clock, code, type Ground, openGround, retail, silent, wire } from './ground.ts';

let ground: Ground;
let metadata: Metadata;
beforeEach(async () => {
  ground = await openGround();
  metadata = await openEmbeddedMetadata(join(ground.dir, 'metadata.sqlite'));
});
afterEach(async () => {
  await metadata.close();
  await ground.end();
});

const COLUMNS = ['event_id', 'user_id', 'session_id', 'item_id', 'kind', 'price', 'address', 'event_time'] as const;
const csv = (events: readonly ReturnType<typeof wire>[]) =>
  `${COLUMNS.join(',')}\n${events.map((event) => COLUMNS.map((name) => event[name] ?? '').join(',')).join('\n')}\n`;
const range = (count: number) => Array.from({ length: count }, (_, n) => wire(n));
const run = (path: string, batch = 100) =>
  upload({ usecase: retail, event: 'click', path, intake: ground.intake(), metadata, clock, logger: silent, batch });
const stored = async () =>
  (await readAll(ground.log(), eventTopic(retail, 'click'))).map(
    ({ value }) => JSON.parse(value.toString()) as Readonly<Record<string, unknown>>,
  );

async function file(name: string, text: string, manifest = true): Promise<string> {
  const path = join(ground.dir, name);
  await writeFile(path, text);
  if (manifest) await writeManifest(path);
  return path;
}

async function parquet(name: string, events: readonly unknown[]): Promise<string> {
  const source = await file('source.jsonl', events.map((event) => JSON.stringify(event)).join('\n'), false);
  const path = join(ground.dir, name);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `copy (select * replace (event_time::timestamptz as event_time) from read_json('${source}')) to '${path}' (format parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  return path;
}

test('CSV, JSON lines and Parquet of the same events are the same events', async () => {
  const events = [...range(30), wire(30, { price: null, address: null })];
  const paths = [
    await file('a.csv', csv(events)),
    await file('a.jsonl', events.map((event) => JSON.stringify(event)).join('\n')),
    await parquet('a.parquet', events),
  ];
  await writeManifest(paths[2] as string);
  const rows: unknown[] = [];
  for (const path of paths) {
    const report = await run(path);
    rows.push([report.rows, report.accepted, report.duplicates, report.refused]);
  }
  assert.deepEqual(rows, [
    [31, 31, 0, 0],
    [31, 0, 31, 0],
    [31, 0, 31, 0],
  ]);
  const times = (await stored()).map(({ event_time }) => event_time).sort();
  assert.deepEqual(times, events.map(({ event_time }) => Date.parse(event_time) * 1000).sort());
});

test('each format alone gives the same rows', async () => {
  const events = [...range(5), wire(5, { price: null, address: null })];
  const seen: unknown[] = [];
  for (const [name, text] of [
    ['b.csv', csv(events)],
    ['b.jsonl', events.map((event) => JSON.stringify(event)).join('\n')],
    ['b.parquet', undefined],
  ] as const) {
    const own = events.map((event) => ({ ...event, event_id: `${name}${event.event_id}` }));
    const path =
      text === undefined
        ? await parquet(name, own)
        : await file(name, name === 'b.csv' ? csv(own) : own.map((event) => JSON.stringify(event)).join('\n'), false);
    await writeManifest(path);
    await run(path);
    seen.push(
      (await stored())
        .filter(({ event_id }) => String(event_id).startsWith(name))
        .map(({ event_id, address, ...row }) => ({
          ...row,
          id: String(event_id).slice(name.length),
          address: address === null ? null : 'sealed',
        }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }
  assert.equal((seen[0] as unknown[]).length, 6);
  assert.deepEqual(seen[1], seen[0]);
  assert.deepEqual(seen[2], seen[0]);
});

test('a file without manifest, cut, changed or with another manifest is never read', async () => {
  const path = await file('half.csv', csv(range(50)), false);
  await assert.rejects(run(path), code('MR_INGESTION_MANIFEST_MISSING'));
  await writeManifest(path);
  const whole = await readFile(path);
  await truncate(path, whole.length - 30);
  await assert.rejects(run(path), (error: Error & { code?: string; field?: string }) => {
    assert.deepEqual([error.code, error.field], ['MR_INGESTION_UPLOAD_INCOMPLETE', 'bytes']);
    return true;
  });
  whole[100] = (whole[100] ?? 0) ^ 1;
  await writeFile(path, whole);
  await assert.rejects(run(path), (error: Error & { code?: string; field?: string }) => {
    assert.deepEqual([error.code, error.field], ['MR_INGESTION_UPLOAD_INCOMPLETE', 'sha256']);
    return true;
  });
  await writeFile(manifestPath(path), '{"sha256": 1}');
  await assert.rejects(run(path), code('MR_INGESTION_MANIFEST_INVALID'));
  assert.equal((await stored()).length, 0);
});

test('killed in the middle, it goes on at its row and doubles nothing', async () => {
  const path = await file('long.csv', csv(range(1000)));
  await ground.close();
  await metadata.close();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'upload-child.ts'), ground.dir, path], { stdio: 'inherit' });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  metadata = await openEmbeddedMetadata(join(ground.dir, 'metadata.sqlite'));
  await ground.open();
  const before = (await stored()).length;
  assert.equal(before, 400);
  const report = await run(path);
  // The fourth batch was in the log and its progress was not saved: it is read again and known by its ids.
  assert.deepEqual([report.from, report.accepted, report.duplicates, report.rows], [300, 600, 100, 1000]);
  assert.equal((await stored()).length, 1000);
  assert.deepEqual([(await run(path)).accepted, (await run(path)).from], [0, 1000]);
});

test('a row the door refuses is counted with its line and the rest is taken', async () => {
  const report = await run(await file('some.csv', csv([wire(0), wire(1, { kind: 'gaze' }), wire(2)])));
  assert.deepEqual([report.accepted, report.refused], [2, 1]);
  assert.deepEqual(
    report.faults.map(({ line, faults }) => [line, faults[0]?.field]),
    [[3, 'kind']],
  );
});

test('a line that is no row stops the upload and is named', async () => {
  const broken = csv(range(3)).replace('e1,', 'e1,too,many,');
  const path = await file('broken.csv', broken, false);
  await assert.rejects(writeManifest(path), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'MR_INGESTION_FILE_BROKEN');
    assert.match(error.message, /broken\.csv, line 3/);
    return true;
  });
  const lines = await file('broken.jsonl', '{"event_id": "a"}\n{"event_id": \n', false);
  await assert.rejects(writeManifest(lines), (error: Error) => /broken\.jsonl, line 2/.test(error.message));
});

test('a corrupt Parquet file is refused by name, its manifest notwithstanding', async () => {
  const path = await parquet('bad.parquet', range(500));
  await writeManifest(path);
  const bytes = await readFile(path);
  for (const spoil of [(b: Buffer) => b.subarray(0, b.length - 100), (b: Buffer) => b.fill(7, 200, 900)]) {
    const spoilt = spoil(Buffer.from(bytes));
    await writeFile(path, spoilt);
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256').update(spoilt).digest('hex');
    await writeFile(manifestPath(path), JSON.stringify({ sha256, bytes: spoilt.length, rows: 500 }));
    await assert.rejects(run(path), code('MR_INGESTION_PARQUET_CORRUPT'));
  }
  assert.equal((await stored()).length, 0);
});

test('an event without an upload source, and a format that is not read, are refused', async () => {
  const path = await file('a.csv', csv(range(1)));
  const closed = { ...retail, sources: retail.sources.filter(({ kind }) => kind !== 'upload') };
  await assert.rejects(
    upload({ usecase: closed, event: 'click', path, intake: ground.intake(), metadata, clock, logger: silent }),
    code('MR_INGESTION_SOURCE_UNDECLARED'),
  );
  await assert.rejects(run(join(ground.dir, 'a.xlsx')), code('MR_INGESTION_FILE_FORMAT'));
  await assert.rejects(run(join(ground.dir, 'missing.csv')), code('MR_INGESTION_MANIFEST_MISSING'));
});
