import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { startCollector } from '../../app/ingestion/collector.ts';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import { type Ground, openGround, retail, silent } from './ground.ts';

let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.end());

const millrace = join(import.meta.dirname, '..', '..', 'bin', 'millrace.ts');

/** Runs `millrace ingestion …` on the ground's folder: exit code, the JSON it answered, and what it said on stderr. */
const run = (...args: readonly string[]): Promise<{ code: number; answer: Readonly<Record<string, unknown>>; errors: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [millrace, '--data', ground.dir, '--json', 'ingestion', ...args],
      { env: { ...process.env, MILLRACE_LOG: 'silent' } },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, answer: stdout === '' ? {} : JSON.parse(stdout), errors: stderr });
      },
    );
  });

const now = new Date().toISOString();
const clicks = async () => {
  const path = join(ground.dir, 'clicks.csv');
  await writeFile(path, `event_id,user_id,item_id,kind,price,event_time\na1,u1,i1,view,3,${now}\na2,u1,i2,gaze,3,${now}\n`);
  return path;
};

test('upload, status, dead and replay work on a folder that nobody runs', async () => {
  await ground.close();
  const path = await clicks();
  const refused = await run('upload', path);
  assert.deepEqual([refused.code, /MR_INGESTION_MANIFEST_MISSING/.test(refused.errors)], [1, true]);
  assert.equal((await run('manifest', path)).answer.rows, 2);
  const uploaded = await run('upload', path);
  assert.deepEqual([uploaded.code, uploaded.answer.accepted, uploaded.answer.refused], [1, 1, 1]);
  const replayed = await run('replay');
  assert.deepEqual([replayed.code, replayed.answer.refused], [0, 1]);
  const { dead } = (await run('status')).answer as { dead: readonly unknown[] };
  assert.deepEqual(dead, [{ event: 'click', letters: 2, notReplayed: 1 }]);
  await ground.open();
});

test('where a process runs, the commands go through its collector', async () => {
  const path = await clicks();
  await run('manifest', path);
  const locked = await run('status');
  assert.deepEqual([locked.code, /MR_INGESTION_LOG_LOCKED/.test(locked.errors)], [1, true]);
  const collector = await startCollector({
    intake: ground.intake(),
    keys: ground.keys(),
    usecase: retail,
    port: 0,
    logger: silent,
  });
  const metadata = await openEmbeddedMetadata(join(ground.dir, 'metadata.sqlite'));
  try {
    await writeFile(join(ground.dir, 'running.json'), JSON.stringify({ pid: process.pid, collector: collector.url }));
    // The ground's clock stands still in January; the door of the running process judges by it.
    const uploaded = await run('upload', path);
    assert.deepEqual([uploaded.answer.rows, uploaded.answer.refused], [2, 2]);
    assert.equal((await run('replay')).answer.replayed, 2);
    assert.deepEqual((await run('status')).answer, JSON.parse(JSON.stringify(await ground.intake().status())));
    const listed = (await run('dead', '--limit', '1')).answer as unknown;
    const letters = listed as readonly { source: string; attempts: number }[];
    assert.deepEqual(
      letters.map(({ source, attempts }) => [source, attempts]),
      [['collector: clicks.csv', 2]],
    );
  } finally {
    await metadata.close();
    await collector.close();
  }
});
