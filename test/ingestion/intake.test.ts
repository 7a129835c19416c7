import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readLetter } from '../../app/ingestion/dead-letter.ts';
import { deadTopic, eventTopic } from '../../app/ingestion/topics.ts';
import { readAll } from '../contracts/event-log.ts';
import { code, type Ground, openGround, retail, wire } from './ground.ts';

const TOPIC = eventTopic(retail, 'click');
const DEAD = deadTopic(retail, 'click');
let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.end());

const storedIds = async () =>
  (await readAll(ground.log(), TOPIC)).map(({ value }) => (JSON.parse(value.toString()) as { event_id: string }).event_id).sort();
const letters = async () => (await readAll(ground.log(), DEAD)).map(({ value }) => readLetter(value));
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

test('an event is taken once by its id: in one call, in calls at one moment, and after a reopen', async () => {
  const first = await ground.intake().accept('click', [wire(1), wire(1), wire(2)], 'test');
  assert.deepEqual(
    first.map(({ status }) => status),
    ['accepted', 'duplicate', 'accepted'],
  );
  const at = (i: number) => {
    const { partition, offset } = first[i] as { partition: number; offset: number };
    return { partition, offset };
  };
  assert.deepEqual(first[1], { status: 'duplicate', id: 'e1', ...at(0) });

  const rush = await Promise.all(range(20).map(() => ground.intake().accept('click', [wire(2), wire(3)], 'test')));
  assert.equal(rush.flat().filter(({ status }) => status === 'accepted').length, 1);
  await ground.reopen();
  assert.deepEqual(await ground.intake().accept('click', [wire(1)], 'test'), [{ status: 'duplicate', id: 'e1', ...at(0) }]);
  assert.deepEqual(await storedIds(), ['e1', 'e2', 'e3']);
});

test('the index is rebuilt from the log where it is behind or lost', async () => {
  await ground.intake().accept(
    'click',
    range(50).map((n) => wire(n)),
    'test',
  );
  await ground.intake().accept('click', [wire(60, { kind: 'gaze' })], 'test');
  await ground.close();
  await rm(join(ground.dir, 'dedupe'), { recursive: true });
  await ground.open();
  const again = await ground.intake().accept('click', [...range(51).map((n) => wire(n)), wire(60, { kind: 'gaze' })], 'test');
  assert.equal(again.filter(({ status }) => status === 'duplicate').length, 50);
  assert.equal((await storedIds()).length, 51);
  assert.equal((await letters()).length, 1);
});

test('killed between the append and the index: the same events sent again are not doubled', async () => {
  await ground.close();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'intake-child.ts'), ground.dir], {
    env: { ...process.env, MILLRACE_CRASH_AT: 'ingestion.intake.after-append' },
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  await ground.open();
  assert.equal((await storedIds()).length, 30, 'the child died before it appended');
  const again = await ground.intake().accept(
    'click',
    range(40).map((n) => wire(n)),
    'test',
  );
  assert.equal(again.filter(({ status }) => status === 'accepted').length, 10);
  assert.deepEqual(
    await storedIds(),
    range(40)
      .map((n) => `e${n}`)
      .sort(),
  );
});

test('200 malformed of 2,000: each is a dead letter once, with field, value, expectation and reason', async () => {
  const events = range(2000).map((n) => wire(n, n % 10 === 3 ? { price: -n } : {}));
  for (let from = 0; from < 2000; from += 500) await ground.intake().accept('click', events.slice(from, from + 500), 'file.csv');
  await ground.intake().accept('click', events, 'file.csv');
  assert.equal((await storedIds()).length, 1800);
  const dead = await letters();
  assert.equal(dead.length, 200);
  assert.deepEqual(dead[0]?.faults, [
    { field: 'price', value: -3, expected: 'a number from 0 to 100000', reason: 'out of range' },
  ]);
  assert.deepEqual([dead[0]?.event, dead[0]?.source, dead[0]?.attempts], ['click', 'file.csv', 1]);
});

test('no personal value stands in the clear in any file of the log, index or keys', async () => {
  await ground
    .intake()
    .accept('click', [wire(1), wire(2, { kind: 'gaze' }), { user_id: 'user9@example.org', note: '192.0.2.7' }], 'test');
  await ground.close();
  const files = (await readdir(ground.dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const file of files) {
    const bytes = await readFile(join(file.parentPath, file.name));
    for (const secret of ['example.org', '192.0.2.7'])
      assert.equal(bytes.includes(secret), false, `${file.name} holds ${secret}`);
  }
  await ground.open();
});

test('a key that sends more than its cap in a minute of event time is cut off, others are not', async () => {
  const time = wire(0).event_time;
  const bot = range(700).map((n) => wire(n, { user_id: 'bot', event_time: time }));
  const receipts = await ground.intake().accept('click', [...bot, wire(900)], 'test');
  assert.equal(receipts.filter(({ status }) => status === 'accepted').length, 601);
  const refused = receipts.find(({ status }) => status === 'refused');
  assert.match(JSON.stringify(refused), /too many events of one key/);
  assert.equal((await letters()).length, 100);
  assert.equal((await ground.intake().accept('click', bot.slice(0, 1), 'test'))[0]?.status, 'duplicate');
});

test('an event too large to keep is refused with its reason all the same', async () => {
  const noise = randomBytes(900_000).toString('base64');
  const [receipt] = await ground.intake().accept('click', [wire(1, { noise })], 'test');
  assert.equal(receipt?.status, 'refused');
  const [letter] = await letters();
  assert.ok(letter?.raw === null, 'the event was kept');
  assert.equal(letter?.faults[0]?.field, 'noise');
});

test('an unknown event is refused by name', async () => {
  await assert.rejects(ground.intake().accept('purchase', [wire(1)], 'test'), code('MR_INGESTION_EVENT_UNKNOWN'));
});

test('a failed append leaves the id free: sent again it is accepted', async () => {
  const log = ground.log();
  const append = log.append;
  log.append = () => Promise.reject(Object.assign(new Error('full'), { code: 'MR_INGESTION_DISK_FULL' }));
  await assert.rejects(ground.intake().accept('click', [wire(1)], 'test'), code('MR_INGESTION_DISK_FULL'));
  log.append = append;
  assert.equal((await ground.intake().accept('click', [wire(1)], 'test'))[0]?.status, 'accepted');
});
