import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ConcurrentUpdateError, type EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { MillraceError } from '../../app/errors.ts';
import { BELONGS, ENVIRONMENT, PLATFORM } from '../../app/usecases/annotations.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type Dials, parseDials } from '../../constructs/dials.ts';
import { readDials } from '../../constructs/environments.ts';
import { foundation } from '../../constructs/foundation.ts';
import { type PreflightOptions, preflight } from '../../constructs/preflight.ts';
import type { KubeObject } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';
import { openEngine } from './engine.ts';
import { writeNeededCrds } from './environment.ts';
import { toolFolder } from './tools.ts';
import { until } from './until.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-bad-input-'));
let plane: ControlPlane;
let dials: Dials;
let usecases: readonly UseCase[];
let crds: readonly string[];
before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false });
  dials = await readDials('dev');
  usecases = [await loadUseCase('retail')];
  crds = writeNeededCrds(bin, join(dir, 'crds'), dials, usecases);
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const check = (change: Partial<Dials> = {}, options: PreflightOptions = {}) =>
  preflight({ ...dials, ...change }, { kubeconfig: plane.kubeconfig, usecases, ...options });

const OF_ANY_ROOM = ['ConfigMap kube-root-ca.crt', 'ServiceAccount default'];
/** What comes and goes by itself left out, and what controllers put into every namespace in their own time. */
const listing = async () =>
  (await plane.api.inventory())
    .filter(({ kind, metadata: { name } }) => !['Event', 'Lease'].includes(kind) && !OF_ANY_ROOM.includes(`${kind} ${name}`))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    .sort();

interface Expected {
  readonly code: string;
  readonly message: RegExp;
  readonly field: string | RegExp;
  readonly expected: RegExp;
}

/** It is refused with all that an operator needs, and nothing was written. */
async function refused(work: () => Promise<unknown>, wanted: Expected): Promise<void> {
  const stood = await listing();
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof MillraceError, String(error));
    assert.equal(error.code, wanted.code, error.message);
    assert.match(error.message, wanted.message);
    assert.match(error.field ?? '', new RegExp(wanted.field));
    assert.match(error.expected ?? '', wanted.expected);
    assert.notEqual(error.value, undefined);
    assert.notEqual(error.kind.next, '');
    return true;
  });
  assert.deepEqual(await listing(), stood);
}

/** A copy of the administrator's kubeconfig with something wrong. */
function kubeconfigWith(name: string, change: (text: string) => string): string {
  const file = join(dir, name);
  writeFileSync(file, change(readFileSync(plane.kubeconfig, 'utf8')), { mode: 0o600 });
  return file;
}

test('without a kubeconfig, or with one that is none, the preflight says so', async () => {
  const absent = join(dir, 'absent');
  await refused(() => check({}, { kubeconfig: absent }), {
    ...{ code: 'MR_STACK_KUBECONFIG', message: /No kubeconfig/, field: 'KUBECONFIG', expected: /path of a file/ },
  });
  const broken = kubeconfigWith('broken', () => '{');
  await refused(() => check({}, { kubeconfig: broken }), {
    ...{ code: 'MR_STACK_KUBECONFIG', message: /is no kubeconfig/, field: 'KUBECONFIG', expected: /YAML or JSON/ },
  });
});

test('a context that the kubeconfig does not have is named, with those that it has', async () => {
  await refused(() => check({}, { context: 'production' }), {
    ...{ code: 'MR_STACK_CONTEXT', message: /no context 'production'/, field: 'context', expected: /one of millrace-test/ },
  });
  const dangling = kubeconfigWith('dangling', (text) => text.replace('"cluster": "millrace-test"', '"cluster": "gone"'));
  await refused(() => check({}, { kubeconfig: dangling }), {
    ...{ code: 'MR_STACK_CONTEXT', message: /'gone'/, field: /contexts\..*cluster/, expected: /one of millrace-test/ },
  });
});

test("the context of another environment's cluster is refused", async () => {
  const theirs = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'millrace-lake', labels: { [BELONGS]: PLATFORM, [ENVIRONMENT]: 'staging' } },
  };
  await plane.api.apply(theirs);
  await refused(() => check(), {
    ...{ code: 'MR_STACK_CONTEXT', message: /already holds the environment 'staging'/ },
    ...{ field: 'current-context', expected: /a cluster for 'dev'/ },
  });
  await plane.api.merge(theirs, { metadata: { labels: { [ENVIRONMENT]: 'dev' } } });
});

test('a cluster that does not answer, and one that does not know the caller, are told apart', async () => {
  const deaf = kubeconfigWith('deaf', (text) => text.replace(plane.url, 'https://127.0.0.1:9'));
  await refused(() => check({}, { kubeconfig: deaf }), {
    ...{ code: 'MR_STACK_UNREACHABLE', message: /does not answer: .*ECONNREFUSED/, field: 'server', expected: /answers/ },
  });
  const stranger = kubeconfigWith('stranger', (text) => text.replace('admin-token', 'expired-token'));
  await refused(() => check({}, { kubeconfig: stranger }), {
    ...{ code: 'MR_STACK_CREDENTIALS', message: /does not know who/, field: 'users', expected: /still good/ },
  });
});

test('operators that should be there and are not, or come from no folder, are all named at once', async () => {
  await refused(() => check(), {
    ...{ code: 'MR_STACK_KINDS', message: /KafkaTopic.*ScaledObject.*CronWorkflow/ },
    ...{ field: 'millrace:operators.from', expected: /helm/ },
  });
  await refused(() => check({ operators: { from: 'manifests', folder: join(dir, 'nothing') } }), {
    ...{ code: 'MR_STACK_OPERATORS', message: /cannot be read/, field: 'millrace:operators.folder', expected: /YAML/ },
  });
  const brought = await check({ operators: { from: 'manifests', folder: join(dir, 'crds') } });
  assert.ok(brought.checked && brought.kinds > 30);
});

test('with its operators there, the cluster passes; who may do nothing is told what is missing', async () => {
  await installCrds(plane.api, crds);
  const found = await check();
  assert.ok(found.checked);
  assert.deepEqual([found.context, found.server, found.unseen], ['millrace-test', plane.url, []]);
  // Of the operators there are the kinds alone here.
  assert.ok(
    ['strimzi-system', 'keda', 'argo'].every((namespace) => found.idle.includes(namespace)),
    found.idle.join(),
  );
  await refused(() => check({}, { kubeconfig: plane.kubeconfigOf('nobody') }), {
    ...{ code: 'MR_STACK_FORBIDDEN', message: /patch.* deployments\.apps\n.*kafkatopics\.kafka\.strimzi\.io/s },
    ...{ field: 'users', expected: /create, patch/ },
  });
});

test('a plan beyond a quota, and one beyond the nodes, is refused with both numbers', async () => {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'of-the-administrator', namespace: 'millrace-lake' },
    spec: { hard: { pods: '0' } },
  };
  const serving = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'millrace-serving' } };
  await plane.api.apply(serving);
  const tight = {
    ...quota,
    metadata: { ...quota.metadata, namespace: 'millrace-serving' },
    spec: { hard: { 'requests.cpu': '100m' } },
  };
  await plane.api.apply(tight);
  await refused(() => check(), {
    ...{ code: 'MR_STACK_QUOTA', message: /quota millrace-serving\/of-the-administrator: requests\.cpu [\d.]+, of 100m/ },
    ...{ field: /requests\.cpu/, expected: /at most 100m/ },
  });
  await plane.api.delete(tight);
  await refused(() => check({ load: { ...dials.load, dailyUsers: 50_000_000 } }), {
    ...{
      code: 'MR_STACK_QUOTA',
      message: /all 3 nodes without a taint: cpu [\d.]+, of 48/,
      field: /cpu/,
      expected: /at most 48/,
    },
  });
  for (const name of ['millrace-serving', 'millrace-lake']) {
    const room = { ...serving, metadata: { name } };
    await plane.api.delete(room);
    // What is still going would take along whatever is made in it.
    await until(`${name} is gone`, async () => (await plane.api.get(room)) === undefined);
  }
});

test('an unknown environment and a bad dial are refused before anything is asked', async () => {
  await refused(() => readDials('qa'), {
    ...{ code: 'MR_STACK_UNKNOWN', message: /no environment 'qa'/, field: 'environment', expected: /dev, prod, staging/ },
  });
  const { environment: _, highAvailability: __, ...raw } = dials;
  const wrong = { ...raw, load: { ...raw.load, dailyUsers: 0 }, colour: 'red' };
  await refused(async () => parseDials('dev', 'stacks/Pulumi.dev.yaml', wrong), {
    ...{ code: 'MR_STACK_DIALS', message: /2 faults.*(dailyUsers|colour).*(dailyUsers|colour)/s },
    ...{ field: /millrace:/, expected: /./ },
  });
});

test('an up that is stopped midway goes on where it was, and ends as if it had not been', async (t) => {
  const engine = await openEngine({ bin: toolFolder(), dir: join(dir, 'engine'), kubeconfig: plane.kubeconfig });
  const open = () => engine.open({ project: 'millrace', stack: 'dev', program: async () => void foundation(dials, usecases) });
  const stop = new AbortController();
  let made = 0;
  const onEvent = ({ resOutputsEvent }: EngineEvent) => {
    made += resOutputsEvent?.metadata.op === 'create' ? 1 : 0;
    if (made === 8) stop.abort();
  };
  await assert.rejects((await open()).up({ onEvent, signal: stop.signal }));
  const stack = await open();
  const unlock = () => stack.cancel().catch((error: unknown) => t.diagnostic(`cancel: ${String(error).slice(0, 200)}`));
  await unlock();
  // The engine that was stopped may still hold the stack while it ends: that alone is no fault.
  await stack.up().catch(async (error: unknown) => {
    if (!(error instanceof ConcurrentUpdateError)) throw error;
    t.diagnostic('the stopped engine was still ending');
    await unlock();
    await stack.up();
  });
  const again = await stack.up();
  const { same = 0, ...others } = again.summary.resourceChanges ?? {};
  assert.deepEqual(others, {});
  assert.ok(made >= 8 && made < same, `${made} of ${same} stood when it was stopped`);
  const spaces = await plane.api.list<KubeObject>({ apiVersion: 'v1', kind: 'Namespace' }, { labels: `${BELONGS}=${PLATFORM}` });
  assert.equal(spaces.length, 9);
  await stack.destroy();
  assert.deepEqual(await plane.api.list({ apiVersion: 'v1', kind: 'Namespace' }, { labels: `${BELONGS}=${PLATFORM}` }), []);
});
