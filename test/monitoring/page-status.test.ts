import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { pino } from 'pino';
import { startPageServer } from '../../app/monitoring/page/server.ts';
import { type MonitoringStatus, monitoringText } from '../../app/monitoring/status-text.ts';
import { openRuntime } from '../../app/runtime.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import { monitoringCommands } from '../../bin/commands/monitoring.ts';
import { busyState } from './page-state.ts';

/** A data folder whose monitor saved one open drift, and the command over it. */
async function folder(t: TestContext) {
  const data = mkdtempSync(join(tmpdir(), 'millrace-monitoring-'));
  const runtime = openRuntime({ dataDir: data, logger: pino({ level: 'silent' }) });
  t.after(async () => {
    await runtime.close();
    rmSync(data, { recursive: true });
  });
  const { db } = await runtime.use('metadata');
  const [open] = busyState(0).openDrifts;
  await db
    .insertInto('settings')
    .values({ name: 'monitor.retail', value: JSON.stringify({ offsets: {}, open: [open] }) })
    .execute();
  const answers: { readonly value: MonitoringStatus; readonly human: string }[] = [];
  const status = async () => {
    const program = new Command();
    monitoringCommands(program, {
      options: () => ({ data, usecase: 'retail' }),
      open: async () => runtime,
      usecase: () => loadUseCase('retail'),
      answer: (value, human) => answers.push({ value: value as MonitoringStatus, human }),
    });
    await program.parseAsync(['node', 'millrace', 'monitoring', 'status']);
    const { exitCode } = process;
    process.exitCode = 0;
    const answer = answers.at(-1);
    assert.ok(answer !== undefined);
    return { ...answer, exitCode };
  };
  return { data, status };
}

test('without a running loop the saved drifts are told, as bad news', async (t) => {
  const { value, human, exitCode } = await (await folder(t)).status();
  assert.equal(value.running, false);
  assert.deepEqual(
    value.open.map(({ feature }) => feature),
    ['user_activity.mean_price_1d'],
  );
  assert.match(human, /mean_price_1d +psi +no reading +drifting since 2026-03-14/);
  assert.match(human, /No loop runs/);
  assert.equal(exitCode, 1);
});

test('with a running loop the newest readings are its own', async (t) => {
  const { data, status } = await folder(t);
  const page = await startPageServer({
    state: async () => ({ ...busyState(3), openDrifts: [] }),
    explain: async () => ({}),
    metrics: async () => '',
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: 'silent' }),
  });
  t.after(() => page.close());
  writeFileSync(join(data, 'running.json'), JSON.stringify({ pid: 1, page: page.url }));
  const { value, human, exitCode } = await status();
  assert.equal(value.running, true);
  const newest = Math.max(...busyState(3).drift.map(({ at }) => at));
  assert.equal(value.readings.length, 4);
  assert.ok(value.readings.every(({ at }) => at === newest));
  assert.match(human, /0 open/);
  assert.match(human, /mean_price_1d +psi +0\.\d{3} of 0\.25 +over/);
  assert.notEqual(exitCode, 1);
});

test('a running.json left by a killed loop is passed over', async (t) => {
  const { data, status } = await folder(t);
  writeFileSync(join(data, 'running.json'), JSON.stringify({ pid: 1, page: 'http://127.0.0.1:9' }));
  assert.equal((await status()).value.running, false);
});

test('a value without a reading is said to have none', () => {
  const text = monitoringText({
    usecase: 'retail',
    kind: 'recommender',
    running: true,
    watched: [{ feature: 'a.b', test: 'ks', threshold: 0.3 }],
    open: [],
    readings: [],
    windowFill: 0.5,
    hitRate: { 2: null, 3: 0.25 },
    retraining: null,
  });
  assert.match(text, /a\.b {2}ks {3}no reading/);
  assert.match(text, /50 % full/);
  assert.match(text, /Live hit rate +version 3 25\.0 %/);
  assert.doesNotMatch(text, /version 2/);
});
