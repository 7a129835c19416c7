import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openLetter, readLetter } from '../../app/ingestion/dead-letter.ts';
import { deadTopic, eventTopic } from '../../app/ingestion/topics.ts';
import { readAll } from '../contracts/event-log.ts';
import { type Ground, openGround, retail, wire } from './ground.ts';

let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.end());

const dead = async () => (await readAll(ground.log(), deadTopic(retail, 'click'))).map(({ value }) => readLetter(value));
test('still bad letters go back with one try more, once, also when the replay runs again', async () => {
  await ground.intake().accept('click', [wire(1, { kind: 'gaze' }), wire(2, { kind: 'gaze' }), wire(3)], 'test');
  assert.deepEqual(await ground.intake().replay('click'), { replayed: 2, accepted: 0, duplicates: 0, refused: 2, gone: 0 });
  assert.deepEqual(
    (await dead()).map(({ attempts }) => attempts),
    [1, 1, 2, 2],
  );
  assert.equal((await ground.intake().status()).dead[0]?.notReplayed, 2);
  assert.deepEqual(
    (await ground.intake().letters('click', 9)).map(({ offset, replayed }) => [offset, replayed]),
    [
      [3, false],
      [2, false],
      [1, true],
      [0, true],
    ],
  );
});

test('a crash before the offset is committed replays the letters again and doubles nothing', async () => {
  await ground.intake().accept('click', [wire(1, { kind: 'gaze' })], 'test');
  const log = ground.log();
  const commit = log.commit;
  log.commit = () => Promise.reject(new Error('killed here'));
  await assert.rejects(ground.intake().replay('click'), /killed here/);
  log.commit = commit;
  await ground.reopen();
  await ground.intake().replay('click');
  // The second letter of the run that died is itself replayed: tries 1, 2 and, from that, 3.
  assert.deepEqual(
    (await dead()).map(({ attempts }) => attempts),
    [1, 2, 3],
  );
});

test('letters of an erased person are gone, not readable and not replayed', async () => {
  await ground.intake().accept('click', [wire(1, { kind: 'gaze' })], 'test');
  const [letter] = await dead();
  assert.ok(letter);
  assert.deepEqual(await openLetter(letter, ground.keys()), { raw: wire(1, { kind: 'gaze' }) });
  await ground.keys().erase('user1@example.org');
  assert.deepEqual(await openLetter(letter, ground.keys()), { missing: 'erased' });
  assert.deepEqual(await ground.intake().replay('click'), { replayed: 1, accepted: 0, duplicates: 0, refused: 0, gone: 1 });
});

test('after a fix the letters are accepted, each once', async () => {
  const events = Array.from({ length: 20 }, (_, n) => wire(n, { price: 200_000 + n }));
  await ground.intake().accept('click', events, 'test');
  assert.equal((await dead()).length, 20);
  await ground.close();
  const fixed = spawnSync(process.execPath, [join(import.meta.dirname, 'replay-child.ts'), ground.dir], { encoding: 'utf8' });
  await ground.open();
  assert.deepEqual(JSON.parse(fixed.stdout), { replayed: 20, accepted: 20, duplicates: 0, refused: 0, gone: 0 });
  assert.equal((await readAll(ground.log(), eventTopic(retail, 'click'))).length, 20);
  assert.deepEqual((await ground.intake().replay('click')).replayed, 0);
});
