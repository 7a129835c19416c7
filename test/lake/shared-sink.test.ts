import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import type { Assignment, EventLog, Membership } from '../../app/ingestion/event-log/port.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeInto } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { Lake } from '../../app/lake/port.ts';
import { type LakeSink, startLakeSink } from '../../app/lake/sink.ts';
import { until } from '../cluster/until.ts';
import { aside, clicks, TOPIC } from './sink-child.ts';

const PARTITIONS = 3;

interface Ground {
  readonly log: EventLog;
  readonly lake: Lake;
  append(prefix: string, count: number): Promise<readonly string[]>;
  sink(members: Membership, more?: { readonly lake?: Lake; readonly maxRows?: number }): Promise<LakeSink>;
  ids(table: string): Promise<readonly string[]>;
}

async function onGround(body: (ground: Ground) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-shared-sink-'));
  const log = await openEmbeddedLog(join(dir, 'log'));
  const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
    scratchDir: join(dir, 'scratch'),
    clock: systemClock,
  });
  await log.ensureTopic({ name: TOPIC, partitions: PARTITIONS });
  const sinks: LakeSink[] = [];
  try {
    await body({
      log,
      lake,
      async append(prefix, count) {
        const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
        await log.append(
          TOPIC,
          ids.map((id) => ({ key: id, value: Buffer.from(JSON.stringify({ id })) })),
        );
        return ids;
      },
      async sink(members, more = {}) {
        const started = await startLakeSink({
          ...{ log, lake, members, topic: TOPIC, table: clicks, quarantine: aside, decode: decodeInto(clicks) },
          // One bad row makes its batch bad: which rows go aside hangs on how they were taken together.
          audit: (rows) => ({ passed: !rows.some(({ id }) => String(id).startsWith('bad')), reason: 'bad ids' }),
          ...{ clock: systemClock, logger: pino({ level: 'silent' }), maxWaitMs: 0 },
          ...more,
        });
        sinks.push(started);
        return started;
      },
      ids: async (table) => (await lake.query<{ id: string }>(`select id from ${table}`)).map(({ id }) => id).sort(),
    });
  } finally {
    await Promise.all(sinks.map((one) => one.close()));
    await lake.close();
    await log.close();
    await rm(dir, { recursive: true });
  }
}

test('sinks that share a topic write its partitions between them, and whoever stays takes over where another stopped', () =>
  onGround(async ({ log, sink, append, ids, lake }) => {
    const members = [await log.join('sink', [TOPIC]), await log.join('sink', [TOPIC])] as const;
    const [one, two] = [await sink(members[0]), await sink(members[1])];
    const before = await append('a', 300);
    await Promise.all([one.caughtUp(), two.caughtUp()]);
    assert.deepEqual(await ids('shop.click'), [...before].sort());
    const ends = await log.endOffsets(TOPIC);
    const owned = members.map((member) => member.assignment().partitions(TOPIC));
    assert.deepEqual(owned, [[0, 2], [1]]);
    assert.equal(one.positions()[0], ends[0]);
    assert.equal(two.positions()[1], ends[1]);
    const commits = (await lake.history(clicks.name)).filter(({ operation }) => operation === 'STREAMING UPDATE');
    await members[0].leave();
    const after = await append('b', 300);
    await until('the other goes on with all', async () => (await two.lag()) === 0 && two.positions().every((next) => next > 50));
    assert.deepEqual(await ids('shop.click'), [...before, ...after].sort());
    assert.equal(await one.lag(), 0, 'nothing is its own any more');
    assert.ok((await lake.history(clicks.name)).length > commits.length);
  }));

/** A member that goes on believing, as one that was paused does. */
const believing = (): Membership => {
  const assignment: Assignment = { partitions: () => [...Array(PARTITIONS).keys()], over: new AbortController().signal };
  return { assignment: () => assignment, commit: async () => undefined, leave: async () => undefined };
};

/** A lake whose first commit of this kind waits for `go`. */
function paused(lake: Lake, operation: string) {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let first = true;
  const commit: Lake['commit'] = async (table, change) => {
    if (change.operation === operation && first) {
      first = false;
      reached.resolve();
      await go.promise;
    }
    return lake.commit(table, change);
  };
  return { lake: { ...lake, commit }, reached: reached.promise, go: () => go.resolve() };
}

for (const { zombie, title } of [
  { title: 'setting a batch aside', zombie: 'QUARANTINE' },
  { title: 'writing a batch', zombie: 'STREAMING UPDATE' },
])
  test(`a sink that was paused in the middle of ${title} and wakes behind its successor doubles no row, in either table`, () =>
    onGround(async ({ log, lake, sink, append, ids }) => {
      const all = [...(await append('good', 120)), ...(zombie === 'QUARANTINE' ? await append('bad', 3) : [])];
      const slow = paused(lake, zombie);
      const late = await sink(believing(), { lake: slow.lake });
      await slow.reached;
      // Its batches are smaller: most of them pass.
      const successor = await sink(believing(), { maxRows: 7 });
      await until('the successor is in the middle', async () => (await lake.snapshot(clicks.name)).rows > 20);
      slow.go();
      await Promise.all([successor.caughtUp(), late.caughtUp()]);
      assert.deepEqual([...(await ids('shop.click')), ...(await ids('shop.click_quarantine'))].sort(), all.sort());
      assert.deepEqual(
        [0, 1, 2].map((partition) => successor.positions()[partition]),
        await log.endOffsets(TOPIC),
      );
    }));

test('a batch that a paused sink wrote just before its successor set the same rows aside is not doubled', () =>
  onGround(async ({ lake, sink, append, ids }) => {
    const all = [...(await append('good', 30)), ...(await append('bad', 1))];
    // It takes few at once, and the good come first.
    const slow = paused(lake, 'STREAMING UPDATE');
    const late = await sink(believing(), { lake: slow.lake, maxRows: 6 });
    await slow.reached;
    // The successor took over, found one batch of all of them bad, and is about to set it aside.
    const other = paused(lake, 'QUARANTINE');
    const successor = await sink(believing(), { lake: other.lake });
    await other.reached;
    slow.go();
    await until('what was late is refused', async () => (await lake.history(clicks.name))[0]?.operation === 'TAKE OVER', {
      timeoutMs: 10_000,
    }).finally(other.go);
    await Promise.all([successor.caughtUp(), late.caughtUp()]);
    assert.deepEqual([...(await ids('shop.click')), ...(await ids('shop.click_quarantine'))].sort(), all.sort());
  }));
