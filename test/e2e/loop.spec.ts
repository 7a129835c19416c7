import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { openClock } from '../../app/clock/embedded.ts';
import { eventTable, predictionTable } from '../../app/lake/event-table.ts';
import { createLogger } from '../../app/logger.ts';
import type { Registry } from '../../app/registry/registry.ts';
import { openRuntime, type Ports } from '../../app/runtime.ts';
import { openExplainer } from '../../app/serving/explain.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { openPlatform } from '../../pipelines/loop/platform.ts';
import { endAll, type LoopProcess, living, millraceCommand, startLoopProcess, until } from './loop-process.ts';
import { checkLake, checkStream } from './nothing-lost.ts';
import { type Asker, askerOf } from './visitor.ts';

/**
 * One data folder goes through a life of crashes: its loop is killed (SIGKILL) while it takes the history in, while it
 * trains, while it serves and while it retrains. The tests follow each other on that folder, as in its life.
 */
const dataDir = mkdtempSync(join(tmpdir(), 'millrace-loop-'));
/** Another seed, other moments: `MILLRACE_KILL_SEED=2 npm run test:e2e`. */
const seed = Number(process.env.MILLRACE_KILL_SEED ?? 1);
const [inHistory = 0, inTraining = 0, inServing = 0, inRetraining = 0] = fc.sample(
  fc.tuple(...[8_000, 9_000, 5_000, 20_000].map((max) => fc.noBias(fc.integer({ min: 200, max })))),
  { seed, numRuns: 1 },
)[0] as number[];

let loop: LoopProcess;
let visitor: Asker;
let champion: { readonly unitId: string; readonly version: number };
const model = retail.model.name;

before(() => {
  loop = startLoopProcess(dataDir);
});
after(() => {
  endAll();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Kills the loop, sees its steps die with it, and starts the next. */
async function killAndRestart(t: TestContext, when: string, afterMs: number): Promise<readonly number[]> {
  await pause(afterMs);
  const children = loop.children();
  t.diagnostic(`seed ${seed}: killed ${afterMs} ms into ${when}, with ${children.length} children`);
  assert.equal((await loop.end('SIGKILL')).signal, 'SIGKILL');
  await until('the children of the killed loop to end', () => (living(children).length === 0 ? true : undefined), 8_000);
  loop = startLoopProcess(dataDir);
  return children;
}

const askHere = async (): Promise<Asker> => askerOf(dataDir, (await loop.up()).serving);

/** Reads the folder that no loop runs on. */
async function inFolder<T>(read: (ports: Ports, registry: Registry) => Promise<T>): Promise<T> {
  const clock = openClock(dataDir);
  const runtime = openRuntime({ dataDir, clock, logger: createLogger({ level: 'silent' }) });
  try {
    const platform = await openPlatform({ runtime, usecase: retail, ports: { collector: 0, serving: 0 }, host: '127.0.0.1' });
    try {
      await platform.lakeCaughtUp();
      return await read(platform.ports, platform.registry);
    } finally {
      await platform.close();
    }
  } finally {
    await runtime.close();
  }
}

test('a loop killed while it takes the history in goes on with it', async (t) => {
  await loop.says(/Take the history in/);
  await killAndRestart(t, 'the history', inHistory);
  await loop.says(/[1-9][\d,]* events in the lake/);
});

test('a loop killed while it trains leaves no step running, and does not take the history again', async (t) => {
  const taken = await loop.says(/[1-9][\d,]* events in the lake, [\d,]+ in the dead letters/);
  await loop.says(/Train and gate/);
  await until('the process of the training step', () => loop.children()[0]);
  const children = await killAndRestart(t, 'the first training', inTraining);
  assert.ok(children.length > 0, 'no step ran when the loop was killed');
  const again = await loop.says(/[1-9][\d,]* events in the lake, [\d,]+ in the dead letters/);
  assert.equal(again[0], taken[0]);
});

test('a loop killed while it serves answers with the same champion again', async (t) => {
  await loop.says(/Serve live visitors/);
  visitor = await askHere();
  champion = await visitor.answerOf(1);
  const versions = async () => ((await millraceCommand(dataDir, 'registry', 'list')).answer as { versions: unknown[] }).versions;
  const known = (await versions()).length;
  await killAndRestart(t, 'serving', inServing);
  await loop.says(/Serve live visitors/);
  visitor = await askHere();
  const { unitId, version } = await visitor.ask();
  assert.deepEqual({ unitId, version }, { unitId: champion.unitId, version: champion.version });
  assert.equal((await versions()).length, known, 'the restart trained a model anew');
});

test('a loop killed while it retrains finishes that run, and serves its release', async (t) => {
  await loop.says(/Retrain, gate/);
  await until('the process of a step', () => loop.children()[0]);
  const children = await killAndRestart(t, 'the retraining', inRetraining);
  assert.ok(children.length > 0, 'no step ran when the loop was killed');
  visitor = await askHere();
  await visitor.answerOf(champion.version + 1);
  await loop.says(/Serve live visitors/);
  await pause(5_000);
});

test('rolled back by the command, the former release answers within 10 s, and no request fails', async () => {
  const asking = visitor.keepAsking();
  const rolledBack = await millraceCommand(dataDir, 'registry', 'rollback', '--reason', 'a drill');
  const acted = performance.now();
  assert.equal(rolledBack.code, 0, rolledBack.errors);
  await visitor.answerOf(champion.version, 10_000);
  const took = performance.now() - acted;
  await pause(1_000);
  const { answers, failures } = await asking.stop();
  assert.deepEqual(failures, []);
  assert.ok(took < 10_000, `${took} ms`);
  const seen = new Set(answers.map(({ version }) => version));
  assert.deepEqual([...seen], [champion.version + 1, champion.version]);
  assert.equal(answers.at(-1)?.unitId, champion.unitId);
});

test('Ctrl-C while it serves drains and exits 0', async () => {
  assert.deepEqual(await loop.end('SIGINT'), { code: 0, signal: null });
  assert.match(loop.said(), /Draining/);
});

test('after all that nothing is lost and nothing doubled, and the audit log holds', async (t) => {
  await inFolder(async ({ log, lake, metadata, audit }) => {
    const { events, predictions } = await checkLake(log, lake);
    await checkStream(log, metadata);
    const verdict = await audit.verify();
    t.diagnostic(`${events} events, ${predictions} predictions, ${verdict.size} audit records`);
    assert.ok(verdict.verified, JSON.stringify(verdict));
    assert.ok(events > 50_000 && predictions > 500);
  });
});

test('200 past answers, of before and after the retraining, are explained and made again after a compaction', async (t) => {
  await inFolder(async ({ lake, keys, audit }, registry) => {
    const table = predictionTable(retail).name;
    for (const name of [table, ...retail.events.map((event) => eventTable(retail, event).name)]) {
      const files = (await lake.snapshot(name)).files.length;
      assert.ok((await lake.compact(name)).files.length < files, `${name} was not compacted`);
    }
    const sample = async (version: number) =>
      lake.query<{ request_id: string; version: number }>(
        `select request_id, version from ${table} where version = $version order by md5(request_id || '${seed}') limit 100`,
        { params: { version } },
      );
    const requests = [...(await sample(champion.version)), ...(await sample(champion.version + 1))];
    assert.equal(requests.length, 200);
    const explainer = openExplainer({ usecase: retail, lake, registry, keys, audit, clock: openClock(dataDir) });
    const wrong: unknown[] = [];
    let withFeatures = 0;
    const check = async ({ request_id: requestId, version }: { request_id: string; version: number }) => {
      const explanation = await explainer.explain(requestId);
      if (explanation.status === 'explained' && explanation.features.length > 0) withFeatures += 1;
      const holds = explanation.status === 'explained' && explanation.verified && explanation.version === Number(version);
      if (!holds) wrong.push(explanation);
    };
    // The explainer makes a few at once.
    await Promise.all(requests.map(check));
    await explainer.close();
    t.diagnostic(`${withFeatures} of ${requests.length} with features`);
    assert.deepEqual(wrong.slice(0, 1), [], `${wrong.length} answers could not be made again`);
    assert.ok(withFeatures > 100, `only ${withFeatures} answers had features behind them`);
  });
});

test('the registry names who answered at any time', async () => {
  await inFolder(async ({ lake }, registry) => {
    const answers = await lake.query<{ at_us: number; version: number }>(
      `select epoch_us("at") as at_us, version from ${predictionTable(retail).name} where version > 0 order by at_us`,
    );
    const deployments = await registry.deployments(model);
    assert.deepEqual(
      deployments.map(({ version }) => version),
      [champion.version, champion.version + 1, champion.version],
    );
    const wrong = [];
    let compared = 0;
    for (const { at_us: at, version } of answers) {
      const moment = Number(at);
      const deployed = deployments.findLast((one) => one.at <= moment);
      // Between the act and the first answer of the release serving loads it, and the one before still answers.
      const loaded = answers.find((one) => Number(one.at_us) >= (deployed?.at ?? 0) && Number(one.version) === deployed?.version);
      if (loaded === undefined || moment < Number(loaded.at_us)) continue;
      compared += 1;
      const named = (await registry.at(model, moment))?.version;
      if (named !== Number(version)) wrong.push({ moment, named, version });
    }
    assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${compared}`);
    assert.ok(compared > answers.length / 2, `${compared} of ${answers.length} compared`);
  });
});
