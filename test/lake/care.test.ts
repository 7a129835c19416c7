import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { DAY, HOUR } from '../../app/clock/port.ts';
import { startLakeCare } from '../../app/lake/care.ts';
import type { Lake } from '../../app/lake/port.ts';
import { everyType } from '../contracts/lake-rows.ts';
import { freshLake } from './fresh-lake.ts';

const logger = pino({ level: 'silent' });
const row = (id: string) => ({ id, count: null, price: null, seen: null, at: null, sealed: null, items: null, vector: null });

async function write(lake: Lake, ...ids: readonly string[]): Promise<void> {
  await lake.ensureTable(everyType);
  for (const id of ids) {
    await lake.commit(everyType.name, { operation: 'WRITE', add: [await lake.stage(everyType.name, [row(id)])] });
  }
}

test('small files are joined once a day by the clock, and deleted when no version within the retention needs them', async () => {
  const { lake, end } = await freshLake();
  const began = Date.now() * 1000;
  const clock = { time: began, now: () => clock.time };
  const rounds: number[] = [];
  const deleted: string[] = [];
  const watched: Lake = Object.assign(Object.create(lake) as Lake, {
    async vacuum(table: string, options: { readonly retentionMs: number }) {
      const swept = await lake.vacuum(table, options);
      deleted.push(...swept.deleted);
      return swept;
    },
  });
  const onRound = async (at: number) => {
    rounds.push(at);
  };
  const care = startLakeCare({ lake: watched, clock, logger, last: began, onRound, retentionMs: 0, lookMs: 5 });
  const untilRound = async (count: number) => {
    while (rounds.length < count) await sleep(5);
  };
  try {
    await write(lake, 'a', 'b', 'c');
    clock.time = began + 23 * HOUR;
    await sleep(50);
    assert.equal((await lake.snapshot(everyType.name)).files.length, 3, 'a round began before the day was over');
    clock.time = began + DAY;
    await untilRound(1);
    const snapshot = await lake.snapshot(everyType.name);
    assert.deepEqual([snapshot.files.length, snapshot.rows], [1, 3]);
    clock.time += DAY;
    await untilRound(2);
    assert.deepEqual(rounds, [began + DAY, began + 2 * DAY]);
    assert.ok(deleted.filter((key) => key.endsWith('.parquet')).length >= 3, deleted.join());
    assert.equal((await lake.query(`select id from ${everyType.name}`)).length, 3);
  } finally {
    await care.close();
    await end();
  }
});

test('a table that fails leaves the others cared for, and the rounds go on', async () => {
  const { lake, end } = await freshLake();
  const began = Date.now() * 1000;
  const clock = { time: began + DAY, now: () => clock.time };
  await write(lake, 'a', 'b');
  const rounds: number[] = [];
  const torn: Lake = Object.assign(Object.create(lake) as Lake, {
    tables: async () => ['shop.broken', everyType.name],
  });
  const onRound = async (at: number) => {
    rounds.push(at);
  };
  const care = startLakeCare({ lake: torn, clock, logger, last: began, onRound, lookMs: 5 });
  try {
    while (rounds.length < 1) await sleep(5);
    assert.equal((await lake.snapshot(everyType.name)).files.length, 1);
    clock.time += DAY;
    while (rounds.length < 2) await sleep(5);
  } finally {
    await care.close();
    await end();
  }
});
