import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import type { EventLog } from '../../app/ingestion/event-log/port.ts';

let dir: string;
let log: EventLog;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-wake-'));
  log = await openEmbeddedLog(dir);
  await log.ensureTopic({ name: 't', partitions: 1 });
});
afterEach(async () => {
  await log.close();
  await rm(dir, { recursive: true });
});

const one = (value: string) => [{ key: 'k', value: Buffer.from(value) }];

/** Rejects where the promise hangs: a lost wake-up shows as a failure, not as a run that never ends. */
const soon = <T>(promise: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), 5000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** Runs the act after so many turns of the microtask queue. */
async function after<T>(turns: number, act: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn += 1) await undefined;
  return act();
}

test('lost wake-up: an append issued in any turn after another resolves is written too', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    await log.append('t', one(`first ${turns}`));
    await soon(
      after(turns, () => log.append('t', one(`second ${turns}`))),
      `the append ${turns} turns later`,
    );
  }
  assert.deepEqual(await log.endOffsets('t'), [24]);
});

test('lost wake-up: a reader who waits before, while and after the record lands is woken by it', async () => {
  const signal = new AbortController().signal;
  for (const moment of ['before', 'while', 'after'] as const) {
    const ends = await log.endOffsets('t');
    const waiting = moment === 'before' ? log.waitForMore('t', ends, signal) : undefined;
    const landing = log.append('t', one(moment));
    if (moment === 'after') await landing;
    await soon(waiting ?? after(3, () => log.waitForMore('t', ends, signal)), `the reader who waits ${moment} it lands`);
    assert.equal((await log.read('t', 0, ends[0] ?? 0, 9)).length, 1);
    await landing;
  }
});
