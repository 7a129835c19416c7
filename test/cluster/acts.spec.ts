import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { POOL } from '../../app/usecases/annotations.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { readDials } from '../../constructs/environments.ts';
import type { KubeObject } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { objectsOf } from './environment.ts';
import { fakeNode } from './nodes.ts';
import { toolFolder } from './tools.ts';
import { until } from './until.ts';

const ADA = 'ada.canary@example.org';
const dir = mkdtempSync(join(tmpdir(), 'millrace-acts-'));
const millrace = join(import.meta.dirname, '../../bin/millrace.ts');
let plane: ControlPlane;

before(async () => {
  const retail = await loadUseCase('retail');
  const acts = workloadsOf(retail).flatMap(({ name, byPerson }) => (byPerson === true ? [`retail-${name}`] : []));
  assert.equal(acts.length, 2);
  const nodes = [fakeNode({ name: 'cpu-a', zone: 'test-1a', labels: { [POOL]: 'cpu' } })];
  plane = await startControlPlane({ bin: toolFolder(), dir: join(dir, 'cluster'), nodes, metrics: false });
  const kinds = ['Namespace', 'PriorityClass', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
  const wanted = ({ kind, metadata }: KubeObject) =>
    kinds.includes(kind) || (['ServiceAccount', 'CronJob'].includes(kind) && acts.includes(metadata.name));
  const objects = objectsOf(await readDials('staging'), [retail]).filter(wanted);
  const first = ({ kind }: KubeObject) => (kinds.includes(kind) ? 0 : 1);
  for (const object of objects.toSorted((a, b) => first(a) - first(b))) await plane.api.apply(object);
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The front door, with the kubeconfig of this cluster. */
const act = (...args: readonly string[]) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const env = { ...process.env, KUBECONFIG: plane.kubeconfig };
    const child = execFile(process.execPath, [millrace, 'stack', 'act', ...args], { env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

type Job = KubeObject<{
  readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
}>;
const jobsIn = (namespace: string) => plane.api.list<Job>({ apiVersion: 'batch/v1', kind: 'Job' }, { namespace });

test('what a person decides runs once, under the account of its own, and only then', async () => {
  assert.deepEqual(await jobsIn('millrace-delivery'), []);
  const done = await act('staging', '--as', 'olga', '--', 'registry', 'revoke', '3', '--reason', 'poisoned data');
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /^millrace-delivery\/retail-decide-\w+ has begun/);
  const [job, ...more] = await jobsIn('millrace-delivery');
  assert.deepEqual(more, []);
  const words = ['registry', 'revoke', '3', '--reason', 'poisoned data', '--as', 'olga'];
  assert.deepEqual(job?.spec?.template.spec.containers[0]?.args, words);
});

test('an erasure leaves the id in nothing that the cluster stores', async () => {
  const file = join(dir, 'subject');
  writeFileSync(file, `${ADA}\n`);
  const done = await act('staging', '--as', 'data protection officer', '--subject-file', file, '--', 'governance', 'erase');
  assert.equal(done.code, 0, done.stderr);
  assert.equal((await jobsIn('millrace-governance')).length, 1);
  const secrets = await plane.api.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: 'millrace-governance' });
  assert.deepEqual(secrets, []);
  const stored = JSON.stringify(await plane.api.inventory());
  for (const form of [ADA, Buffer.from(ADA).toString('base64')]) assert.ok(!stored.includes(form), form);
});

test('who may not create Jobs there does nothing, and another environment’s cluster is not touched', async () => {
  const before = (await jobsIn('millrace-delivery')).length;
  const other = await act('dev', '--as', 'olga', '--', 'registry', 'rollback');
  assert.match(other.stderr, /^MR_STACK_CONTEXT: /m);
  const [admin, nobody] = [plane.kubeconfig, plane.kubeconfigOf('nobody')];
  plane = { ...plane, kubeconfig: nobody };
  const refused = await act('staging', '--as', 'olga', '--', 'registry', 'rollback');
  plane = { ...plane, kubeconfig: admin };
  assert.match(refused.stderr, /^MR_STACK_ACT_REFUSED: .*forbidden/m);
  await until('nothing more ran', async () => (await jobsIn('millrace-delivery')).length === before);
});
