import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { HOUR, MINUTE, type Micros } from '../../app/clock/port.ts';
import type { Lake } from '../../app/lake/port.ts';
import type { DriftAsk } from '../../app/monitoring/drift.ts';
import { saveSetting } from '../../app/registry/metadata/settings.ts';
import type { Version } from '../../app/registry/version.ts';
import { openRuntime } from '../../app/runtime.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { lastRetraining, recordedTraining } from '../../pipelines/retrainings.ts';
import { retrainDue } from '../../pipelines/workloads/retrain-due.ts';

const NOW: Micros = 1_767_225_600_000_000;

/** An open drift by a window that just closed, over an empty store; what it is asked with is set by hand. */
async function ground(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-due-'));
  const clock = { time: NOW, now: () => clock.time };
  const runtime = openRuntime({ dataDir, clock, logger: pino({ level: 'silent' }) });
  t.after(async () => {
    await runtime.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const metadata = await runtime.use('metadata');
  const state = { versions: [] as Version[], champion: 1, lake: 7 };
  const ask = async (since: Micros, kind: DriftAsk['kind'] = 'detected') => {
    const reading = { feature: 'user_activity.views_1h', test: 'psi', value: 0.6, threshold: 0.25, exceeded: true } as const;
    const read = { ...reading, since, at: clock.time, version: 1 };
    const asks: DriftAsk[] = [
      { kind, drift: { feature: reading.feature, reading: read, detectedAt: clock.time }, reading: read },
    ];
    await saveSetting(metadata, 'monitor.retail', JSON.stringify({ offsets: {}, open: [], asks }));
  };
  const version = (number: number, is: Version['state'], trainedOn: number) =>
    ({
      ...{ version: number, state: is },
      manifest: { dataset: { tables: { 'retail.click': trainedOn } } },
    }) as unknown as Version;
  const due = () =>
    retrainDue({
      ...{ usecase: retail, metadata, clock },
      lake: { has: async () => true, snapshot: async () => ({ version: state.lake }) } as unknown as Lake,
      registry: {
        list: async () => state.versions,
        alias: async () => state.versions.find(({ version: number }) => number === state.champion),
      },
    });
  const trained = (minutes: number) =>
    recordedTraining({ metadata, clock, usecase: retail, reason: 'schedule' }, async () => {
      clock.time += minutes * MINUTE;
    });
  state.versions = [version(1, 'approved', 3)];
  return { clock, metadata, state, ask, version, due, trained };
}

test('an open drift is due, with the reason that the audit log and the report give', async (t) => {
  const { due, ask } = await ground(t);
  assert.deepEqual(await due(), { due: false, reason: 'no drift asks for a retraining' });
  await ask(NOW);
  assert.deepEqual(await due(), { due: true, reason: 'drift of user_activity.views_1h: psi 0.600 over 0.25' });
});

test('a training that started within the cool-down, or whose effect the window has not seen, holds it back', async (t) => {
  const { due, ask, trained, clock } = await ground(t);
  await trained(10);
  await ask(clock.time - MINUTE);
  assert.match((await due()).reason, /began before the last retraining ended/);
  await ask(clock.time);
  assert.match((await due()).reason, /cool-down holds for another 50 min/);
  clock.time = NOW + HOUR;
  assert.equal((await due()).due, true);
});

test('a training that failed counts as one, and of another use case as none', async (t) => {
  const { due, ask, clock, metadata } = await ground(t);
  const record = { metadata, clock, reason: 'schedule' };
  const fail = (usecase: { readonly name: string }) =>
    recordedTraining({ ...record, usecase }, () => Promise.reject(new Error('no memory')));
  await ask(NOW);
  await assert.rejects(fail({ name: 'fraud' }), /no memory/);
  assert.equal((await due()).due, true);
  await assert.rejects(fail(retail), /no memory/);
  assert.deepEqual(await lastRetraining(metadata, retail), { startedAt: NOW, endedAt: NOW });
  assert.match((await due()).reason, /cool-down/);
});

test('a release on its way has to answer first; one that was refused has not', async (t) => {
  const { due, ask, state, version } = await ground(t);
  await ask(NOW);
  for (const waits of ['candidate', 'gated', 'approved'] as const) {
    state.versions = [version(2, waits, 4), version(1, 'approved', 3)];
    assert.match((await due()).reason, new RegExp(`version 2 is ${waits} and does not answer yet`));
  }
  state.versions = [version(2, 'refused', 4), version(1, 'approved', 3)];
  assert.equal((await due()).due, true);
});

test('where the lake got nothing new since the newest version learnt, none is due', async (t) => {
  const { due, ask, state, version } = await ground(t);
  await ask(NOW, 'open');
  state.versions = [version(1, 'approved', 7)];
  assert.match((await due()).reason, /has learnt from all that the lake holds, retail\.click at 7/);
  state.lake = 8;
  assert.equal((await due()).due, true);
});
