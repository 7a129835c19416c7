import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { DEVICE_PLUGIN_TAINT, GPU } from '../../app/usecases/annotations.ts';
import type { ControlPlane, Operation } from '../../pipelines/workloads/control-plane.ts';
import { type NodeObject, readied, startNodeReadiness } from '../../pipelines/workloads/node-readiness.ts';
import { until } from '../cluster/until.ts';

const taint = (key: string) => ({ key, value: 'x', effect: 'NoSchedule' });
const STARTING = taint(DEVICE_PLUGIN_TAINT);
const node = (name: string, gpus: string | undefined, taints = [taint(GPU), STARTING]): NodeObject => ({
  metadata: { name },
  spec: { taints },
  status: { allocatable: { cpu: '8', ...(gpus !== undefined && { [GPU]: gpus }) } },
});

test('exactly the start-up taint goes, by a patch that another writer makes void', () => {
  const removal = (index: number): Operation[] => [
    { op: 'test', path: `/spec/taints/${index}`, value: STARTING },
    { op: 'remove', path: `/spec/taints/${index}` },
  ];
  assert.deepEqual(readied(node('a', '8')), removal(1));
  assert.deepEqual(readied(node('a', '1', [STARTING, taint('other'), STARTING])), [...removal(2), ...removal(0)]);
});

test('a node without GPUs to give keeps it, and one without it is left alone', () => {
  assert.equal(readied(node('a', undefined)), undefined);
  assert.equal(readied(node('a', '0')), undefined);
  assert.equal(readied(node('a', '8', [taint(GPU)])), undefined);
  assert.equal(readied({ metadata: { name: 'bare' } }), undefined);
});

/** A control plane whose answers the test gives, one look after another. */
async function ground(t: TestContext, looks: readonly (readonly NodeObject[] | Error)[], accepts = true) {
  const events: { type: string; object: NodeObject }[] = [];
  const patched: string[] = [];
  const state = { read: 0, events, ended: false, patched, accepts };
  const controlPlane: ControlPlane = {
    async read<T>() {
      const look = looks[Math.min(state.read++, looks.length - 1)] ?? [];
      if (look instanceof Error) throw look;
      return { metadata: { resourceVersion: '1' }, items: look } as T;
    },
    async *follow<T>(_path: string, signal: AbortSignal) {
      while (!signal.aborted && !state.ended) {
        const event = events.shift();
        if (event === undefined) await sleep(2, undefined, { signal }).catch(() => undefined);
        else yield event as T;
      }
      state.ended = false;
    },
    async patch(path) {
      patched.push(path);
      return state.accepts;
    },
    close: () => undefined,
  };
  const runtime = { logger: pino({ level: 'silent' }) };
  const running = await startNodeReadiness({ runtime, controlPlane, port: 0, host: '127.0.0.1', pauseMs: 5 });
  t.after(() => running.close());
  const status = async (path: string) => (await fetch(`${running.url}${path}`)).status;
  const seen = (count: number) => until(`${count} patches`, () => patched.length >= count, { timeoutMs: 5_000, everyMs: 2 });
  const opened = async () => (await running.metrics.getSingleMetric('millrace_gpu_nodes_opened_total')?.get())?.values[0]?.value;
  return { state, status, seen, opened, running };
}

test('nodes that are there are opened, and those that get their GPUs later', async (t) => {
  const { state, seen, opened } = await ground(t, [[node('there', '8'), node('plain', undefined)]]);
  await seen(1);
  state.events.push({ type: 'ADDED', object: node('later', undefined) }, { type: 'DELETED', object: node('gone', '8') });
  state.events.push({ type: 'MODIFIED', object: node('later', '4') });
  await seen(2);
  assert.deepEqual(state.patched, ['/api/v1/nodes/there', '/api/v1/nodes/later']);
  assert.equal(await opened(), 2);
});

test('it has started once it has seen the nodes, and is not ready while it cannot', async (t) => {
  const { state, status } = await ground(t, [new Error('refused'), new Error('refused'), [], new Error('refused')]);
  await until('it has started', async () => (await status('/startupz')) === 200, { timeoutMs: 5_000, everyMs: 2 });
  assert.ok(state.read >= 3);
  assert.equal(await status('/readyz'), 200);
  state.ended = true;
  await until('it is not ready', async () => (await status('/readyz')) === 503, { timeoutMs: 5_000, everyMs: 2 });
  assert.equal(await status('/healthz'), 200);
});

test('a watch whose version is forgotten, and one that ends, are begun anew from all nodes', async (t) => {
  const { state, seen } = await ground(t, [[], [node('missed', '8')], [node('again', '8')]]);
  state.events.push({ type: 'ERROR', object: { metadata: { name: '' } } });
  await seen(1);
  state.ended = true;
  await seen(2);
  assert.deepEqual(state.patched, ['/api/v1/nodes/missed', '/api/v1/nodes/again']);
});

test('a node that changed between look and patch is not counted, and is looked at again when it changes', async (t) => {
  const { state, seen, opened } = await ground(t, [[node('busy', '8')]], false);
  await seen(1);
  state.accepts = true;
  assert.equal(await opened(), 0);
  state.events.push({ type: 'MODIFIED', object: node('busy', '8') });
  await seen(2);
  await until('it is counted', async () => (await opened()) === 1, { timeoutMs: 5_000, everyMs: 2 });
});
