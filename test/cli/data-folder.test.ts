import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readReplayTime, writeReplayTime } from '../../app/clock/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import { refusal, run, withFolder } from './front-door.ts';

const HEAD = 'user_id,item_id,kind,price,event_time';

/** Opens the metadata store of the data folder, making the folder. */
async function withMetadata(
  data: string,
  body: (metadata: Awaited<ReturnType<typeof openEmbeddedMetadata>>) => Promise<unknown>,
) {
  mkdirSync(data, { recursive: true });
  const metadata = await openEmbeddedMetadata(join(data, 'metadata.sqlite'));
  try {
    await body(metadata);
  } finally {
    await metadata.close();
  }
}

const streamOf = (data: string, name: string) =>
  withMetadata(data, ({ db }) =>
    db
      .insertInto('settings')
      .values({ name: 'loop.source', value: JSON.stringify({ name, liveFrom: 1_767_225_600_000_000, changes: [] }) })
      .execute(),
  );

function clickFile(folder: string, name: string, user: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${HEAD}\n${user},i1,view,3,2026-01-01T00:00:00Z\n${user},i2,view,3,2026-01-02T00:00:00Z\n`);
  return path;
}

for (const words of [
  ['registry', 'list'],
  ['start', '--once', '--port', '0'],
]) {
  test(`millrace ${words[0]} refuses the data folder of a newer layout and leaves it as it is`, () =>
    withFolder(async (data) => {
      await withMetadata(data, ({ db }) => db.updateTable('layout').set({ version: 999 }).execute());
      const file = join(data, 'metadata.sqlite');
      const before = readFileSync(file);
      const { code, field, value, expected } = refusal(await run('--data', data, ...words));
      assert.deepEqual([code, field, value], ['MR_REGISTRY_LAYOUT_NEWER', 'layout', 999]);
      assert.match(expected ?? '', /^at most \d+$/);
      assert.ok(readFileSync(file).equals(before), 'the metadata store was changed');
      const left = readdirSync(data).filter((name) => !['metadata.sqlite', 'millrace.log'].includes(name));
      assert.deepEqual(left, [], 'something was written');
    }));
}

test('a data folder that is a file is refused by name', () =>
  withFolder(async (data) => {
    writeFileSync(data, 'not a folder');
    const { stderr, code } = await run('start', '--once', '--port', '0', '--data', data);
    assert.equal(code, 1);
    assert.match(stderr, /^MR_[A-Z_]+: .*\n {2}field +--data\n/);
    assert.equal(readFileSync(data, 'utf8'), 'not a folder');
  }));

test('the folder of a click file takes no simulated stream', () =>
  withFolder(async (data) => {
    await streamOf(data, 'click file 0123456789ab');
    const { code, field, value, expected } = refusal(await run('start', '--once', '--port', '0', '--data', data));
    assert.deepEqual([code, field, value], ['MR_PIPELINES_SOURCE_CHANGED', '--data', 'click file 0123456789ab']);
    assert.match(expected ?? '', /^simulator/);
    assert.ok(!existsSync(join(data, 'log')), 'a log was made');
  }));

test('the folder of a simulated stream takes no click file', () =>
  withFolder(async (data, folder) => {
    await streamOf(data, 'simulator (seed 7)');
    const path = clickFile(folder, 'clicks.csv', 'u1');
    const { code, value, expected } = refusal(await run('start', '--once', '--port', '0', '--data', data, '--from', path));
    assert.deepEqual([code, value], ['MR_PIPELINES_SOURCE_CHANGED', 'simulator (seed 7)']);
    assert.match(expected ?? '', /^click file/);
  }));

test('the folder of one click file takes no other one', () =>
  withFolder(async (data, folder) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    // The port that the collector wants, so that a start ends once it has taken its stream.
    const port = String((taken.address() as AddressInfo).port - 1);
    const start = (path: string) => run('start', '--once', '--port', port, '--data', data, '--from', path);
    try {
      const mine = clickFile(folder, 'mine.csv', 'u1');
      assert.equal(refusal(await start(mine)).code, 'MR_INGESTION_PORT_TAKEN');
      assert.equal(refusal(await start(clickFile(folder, 'other.csv', 'u2'))).code, 'MR_PIPELINES_SOURCE_CHANGED');
      assert.equal(refusal(await start(mine)).code, 'MR_INGESTION_PORT_TAKEN');
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  }));

test('a second loop on a folder that one runs on is refused, and the clock of the first goes on', () =>
  withFolder(async (data) => {
    mkdirSync(data);
    const time = { from: 1_767_225_600_000_000, since: Date.now() * 1000, rate: 240 };
    writeReplayTime(data, time);
    const log = await openEmbeddedLog(join(data, 'log'));
    try {
      const { code } = refusal(await run('start', '--once', '--port', '0', '--data', data));
      assert.equal(code, 'MR_INGESTION_LOG_LOCKED');
      assert.deepEqual(readReplayTime(data), time);
    } finally {
      await log.close();
    }
  }));
