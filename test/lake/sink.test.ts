import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeInto } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { aside, clicks, openSink, TOPIC } from './sink-child.ts';

type Opened = Awaited<ReturnType<typeof openSink>>;

const records = (ids: readonly string[]) => ids.map((id) => ({ key: id, value: Buffer.from(JSON.stringify({ id })) }));

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-sink-'));
  try {
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function opened<T>(dir: string, body: (sink: Opened) => Promise<T>, more: Parameters<typeof openSink>[1] = {}): Promise<T> {
  const sink = await openSink(dir, more);
  try {
    return await body(sink);
  } finally {
    await sink.close();
  }
}

const idsIn = async ({ lake }: Opened, table: string) =>
  (await lake.query<{ id: string }>(`select id from ${table}`)).map(({ id }) => id).sort();

/** Runs the sink in a process of its own. Gives the signal that ended it. */
async function runChild(dir: string, crashAt: string, maxRows: number): Promise<string | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sink-child.ts'), dir, String(maxRows)], {
    env: { ...process.env, MILLRACE_CRASH_AT: crashAt },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.ok(code === 0 || signal !== null, `the child ended with code ${code}`);
  return signal;
}

test('rows and offsets arrive together, in order of each partition, and lag falls to 0', () =>
  inFolder((dir) =>
    opened(dir, async (one) => {
      const ids = numbered('c', 500);
      await one.log.append(TOPIC, records(ids));
      await one.sink.caughtUp();
      assert.equal(await one.sink.lag(), 0);
      assert.deepEqual(await idsIn(one, clicks.name), [...ids].sort());
      const { txn } = await one.lake.snapshot(clicks.name);
      const ends = await one.log.endOffsets(TOPIC);
      assert.deepEqual(
        ends.map((_, partition) => txn.get(`${TOPIC}-${partition}`)),
        ends,
      );
      const gaps = await one.lake.query(
        'select _partition from shop.click group by 1 having count(*) <> max(_offset) + 1 or count(distinct _offset) <> count(*)',
      );
      assert.deepEqual(gaps, []);
    }),
  ));

test('a record that is no row is passed over, its offset counts', () =>
  inFolder((dir) =>
    opened(dir, async (one) => {
      await one.log.append(TOPIC, [{ key: 'k', value: Buffer.from('not json') }, ...records(['fine'])]);
      await one.sink.caughtUp();
      assert.deepEqual(await idsIn(one, clicks.name), ['fine']);
      assert.equal(await one.sink.lag(), 0);
    }),
  ));

test('a bad batch goes to quarantine with its reason and is never in the table', () =>
  inFolder((dir) =>
    opened(dir, async (one) => {
      await one.log.append(TOPIC, records(['good-1', 'good-2']));
      await one.sink.caughtUp();
      await one.log.append(TOPIC, records(['with-the-bad', 'bad-1']));
      await one.sink.caughtUp();
      await one.log.append(TOPIC, records(['good-3']));
      await one.sink.caughtUp();
      assert.deepEqual(await idsIn(one, clicks.name), ['good-1', 'good-2', 'good-3']);
      const { version } = await one.lake.snapshot(clicks.name);
      for (let at = 0; at <= version; at += 1) {
        const rows = await one.lake.query("select id from shop.click where id like '%bad%'", { at: { [clicks.name]: at } });
        assert.deepEqual(rows, [], `version ${at}`);
      }
      assert.deepEqual(await one.lake.query(`select id, _reason from ${aside.name} order by id`), [
        { id: 'bad-1', _reason: '1 bad ids' },
        { id: 'with-the-bad', _reason: '1 bad ids' },
      ]);
    }),
  ));

for (const moment of ['before-write', 'after-write', 'after-quarantine', 'after-commit']) {
  test(`killed ${moment}, again and again, the sink loses 0 and doubles 0`, () =>
    inFolder(async (dir) => {
      const good = numbered('g', 90);
      // A bad id drags its batch along. The batches of each run are others: which rows go aside may change, but none goes twice.
      const all = ['bad0', ...good, 'bad1'];
      await opened(dir, async () => undefined);
      const log = await openSink(dir);
      await log.sink.close();
      await log.log.append(TOPIC, records(all));
      await log.lake.close();
      await log.log.close();
      const signals = [await runChild(dir, `lake.sink.${moment}`, 30), await runChild(dir, `lake.sink.${moment}`, 11)];
      assert.deepEqual(signals, ['SIGKILL', 'SIGKILL']);
      await runChild(dir, '', 7);
      await opened(dir, async (one) => {
        assert.equal(await one.sink.lag(), 0);
        const [table, quarantined] = [await idsIn(one, clicks.name), await idsIn(one, aside.name)];
        assert.deepEqual([...table, ...quarantined].sort(), [...all].sort());
        assert.ok(quarantined.includes('bad0') && quarantined.includes('bad1'));
      });
    }));
}

test('a second sink of the same topic doubles nothing', () =>
  inFolder((dir) =>
    opened(
      dir,
      async (one) => {
        const other = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
          scratchDir: join(dir, 'scratch'),
          clock: systemClock,
        });
        const logger = pino({ level: 'silent' });
        const second = await startLakeSink({
          ...{ log: one.log, lake: other, topic: TOPIC, table: clicks, quarantine: aside, decode: decodeInto(clicks) },
          ...{ clock: systemClock, logger, maxRows: 7, maxWaitMs: 1 },
        });
        const ids = numbered('c', 300);
        for (let from = 0; from < 300; from += 20) {
          await one.log.append(TOPIC, records(ids.slice(from, from + 20)));
          // Both sinks read in between.
          await setTimeout(5);
        }
        await Promise.all([one.sink.caughtUp(), second.caughtUp()]);
        assert.deepEqual(await idsIn(one, clicks.name), [...ids].sort());
        await second.close();
        await other.close();
      },
      { maxRows: 13, maxWaitMs: 1 },
    ),
  ));

test('many small commits are joined without being asked', () =>
  inFolder((dir) =>
    opened(
      dir,
      async (one) => {
        for (const id of numbered('c', 9)) {
          await one.log.append(TOPIC, records([id]));
          await one.sink.caughtUp();
        }
        const { files, rows } = await one.lake.snapshot(clicks.name);
        assert.equal(rows, 9);
        assert.ok(files.length < 5, `${files.length} files`);
      },
      { compactAfterFiles: 3 },
    ),
  ));

test('those who wait are told when commits keep failing, and the sink goes on once they do not', () =>
  inFolder((dir) =>
    opened(dir, async (one) => {
      const lakeFolder = join(dir, 'objects', 'lake', 'shop', 'click');
      await rename(join(lakeFolder, '_delta_log'), join(lakeFolder, 'moved'));
      await writeFile(join(lakeFolder, '_delta_log'), 'a file where a folder must be');
      await one.log.append(TOPIC, records(['a']));
      await assert.rejects(one.sink.caughtUp());
      await rm(join(lakeFolder, '_delta_log'));
      await rename(join(lakeFolder, 'moved'), join(lakeFolder, '_delta_log'));
      await one.sink.caughtUp();
      assert.deepEqual(await idsIn(one, clicks.name), ['a']);
    }),
  ));

test('closing ends those who wait', () =>
  inFolder(async (dir) => {
    const one = await openSink(dir, { maxWaitMs: 60_000 });
    const end = await one.log.endOffsets(TOPIC);
    await one.sink.close();
    await one.log.append(TOPIC, records(['never']));
    assert.notDeepEqual(await one.log.endOffsets(TOPIC), end);
    await assert.rejects(one.sink.caughtUp(), /closed/);
    await one.close();
  }));
