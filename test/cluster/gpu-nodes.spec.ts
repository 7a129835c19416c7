import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEVICE_PLUGIN_TAINT, GPU, POOL } from '../../app/usecases/annotations.ts';
import { readDials } from '../../constructs/environments.ts';
import { openApiServer } from '../../constructs/preflight/api-server.ts';
import { checkGpus } from '../../constructs/preflight/gpus.ts';
import { accessOf } from '../../constructs/preflight/kubeconfig.ts';
import { type KubeApi, type KubeObject, openApi, Refusal } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { objectsOf } from './environment.ts';
import { fakeNode } from './nodes.ts';
import { toolFolder } from './tools.ts';
import { until } from './until.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-gpu-nodes-'));
const TOKEN_FILE = join(dir, 'token');
const PRESENT = { key: GPU, value: 'present', effect: 'NoSchedule' };
const STARTING = { key: DEVICE_PLUGIN_TAINT, value: 'starting', effect: 'NoSchedule' };

/** As Karpenter starts one: closed, its GPUs not told of yet. */
const startingNode = (name: string): KubeObject => ({
  ...fakeNode({ name, zone: 'test-1a', cpu: '96', labels: { [POOL]: 'gpu' } }),
  spec: { taints: [PRESENT, STARTING] },
});
const trainingPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'trains', namespace: 'default' },
  spec: {
    nodeSelector: { [POOL]: 'gpu' },
    tolerations: [{ key: GPU, operator: 'Exists', effect: 'NoSchedule' }],
    containers: [{ name: 'main', image: 'registry.test/trainer:1', resources: { limits: { [GPU]: '1' } } }],
  },
} as const;

type GpuNode = KubeObject<{ readonly taints?: readonly { readonly key: string }[] }>;
type Pod = KubeObject<
  { readonly nodeName?: string },
  { readonly phase: string; readonly conditions?: readonly { readonly reason?: string; readonly message?: string }[] }
>;

let plane: ControlPlane;
/** With the token of the workload's own account. */
let own: KubeApi;
let workload: ChildProcess;
let url = '';

before(async () => {
  const nodes = [
    fakeNode({ name: 'cpu-a', zone: 'test-1a', labels: { [POOL]: 'cpu' } }),
    startingNode('gpu-new'),
    startingNode('gpu-broken'),
  ];
  plane = await startControlPlane({ bin: toolFolder(), dir: join(dir, 'cluster'), nodes, metrics: false });
  const objects = objectsOf(await readDials('staging'), []);
  const needed = objects.filter(
    ({ kind, metadata }) =>
      kind === 'Namespace' ||
      kind === 'PriorityClass' ||
      (kind !== 'PodMonitor' && /^(millrace-)?node-readiness/.test(metadata.name)),
  );
  for (const object of needed) await plane.api.apply(object);

  const { clusters } = JSON.parse(readFileSync(plane.kubeconfig, 'utf8')) as {
    readonly clusters: readonly [{ readonly cluster: { readonly 'certificate-authority': string } }];
  };
  const caFile = clusters[0].cluster['certificate-authority'];
  const path = '/api/v1/namespaces/millrace-training/serviceaccounts/node-readiness/token';
  const { body } = await plane.api.raw('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3_600 },
  });
  const { token } = (JSON.parse(body) as { readonly status: { readonly token: string } }).status;
  writeFileSync(TOKEN_FILE, token, { mode: 0o600 });
  own = openApi(plane.url, caFile, token);

  const program = join(import.meta.dirname, '../../bin/millrace.ts');
  workload = spawn(process.execPath, [program, 'training', 'ready-nodes', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      MILLRACE_GROUND: 'cluster',
      MILLRACE_WORKLOAD: 'node-readiness',
      MILLRACE_DATA_DIR: join(dir, 'data'),
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_LOG: 'warn',
      MILLRACE_CONTROL_PLANE_URL: plane.url,
      MILLRACE_CONTROL_PLANE_CA_FILE: caFile,
      MILLRACE_CONTROL_PLANE_TOKEN_FILE: TOKEN_FILE,
    },
  });
  const line = await new Promise<string>((resolve, reject) => {
    workload.stdout?.setEncoding('utf8').once('data', resolve);
    workload.once('close', (code) => reject(new Error(`it ended with ${code} before it said where it answers`)));
  });
  url = (JSON.parse(line) as { readonly url: string }).url;
});
after(async () => {
  workload?.kill('SIGKILL');
  own?.close();
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const nodeNamed = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
const taintsOf = async (name: string) => {
  const { spec } = (await plane.api.get<GpuNode>(nodeNamed(name))) ?? assert.fail(name);
  return (spec?.taints ?? []).map(({ key }) => key);
};
const pod = async () => (await plane.api.get<Pod>(trainingPod)) ?? assert.fail('the pod is gone');
const status = async (path: string) => (await fetch(`${url}${path}`)).status;

test('the pods of the Deployment find a node, and its account may follow nodes', async () => {
  await until('both run', async () => {
    const pods = await plane.api.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'millrace-training' });
    return pods.length === 2 && pods.every((one) => one.status?.phase === 'Running');
  });
  await until('it has started', async () => (await status('/startupz')) === 200);
  assert.deepEqual([await status('/readyz'), await status('/healthz')], [200, 200]);
});

test('a training waits while no device plugin has told of GPUs, and runs once it has; a broken node stays closed', async () => {
  await plane.api.create(trainingPod);
  await until('the scheduler has refused it', async () =>
    (await pod()).status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
  );
  assert.deepEqual(await taintsOf('gpu-new'), [GPU, DEVICE_PLUGIN_TAINT]);

  // What the kubelet writes when the plugin has registered.
  const gpus = { [GPU]: '8' };
  await plane.api.merge(nodeNamed('gpu-new'), { status: { capacity: gpus, allocatable: gpus } }, 'status');
  await until('the taint is gone', async () => !(await taintsOf('gpu-new')).includes(DEVICE_PLUGIN_TAINT));
  assert.deepEqual(await taintsOf('gpu-new'), [GPU]);
  await until('the training runs', async () => (await pod()).status?.phase === 'Running');
  assert.equal((await pod()).spec?.nodeName, 'gpu-new');
  assert.deepEqual(await taintsOf('gpu-broken'), [GPU, DEVICE_PLUGIN_TAINT]);
});

/** What the API server says against an act of the account. */
const refusal = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'allowed',
    (fault: unknown) => (fault instanceof Refusal ? fault.message : String(fault)),
  );

test('its account may take its own taint away, and nothing else: no other change of a node, no other act', async () => {
  const broken = nodeNamed('gpu-broken');
  const allowed = own.merge(broken, { spec: { taints: [PRESENT] } });
  assert.deepEqual(((await allowed) as GpuNode).spec?.taints, [PRESENT]);
  const changes: Readonly<Record<string, unknown>> = {
    'another taint taken away': { spec: { taints: [] } },
    'a taint put on': { spec: { taints: [PRESENT, STARTING] } },
    'a label': { metadata: { labels: { [POOL]: 'cpu' } } },
    'an annotation': { metadata: { annotations: { a: 'b' } } },
    'a node closed': { spec: { unschedulable: true } },
  };
  for (const [what, change] of Object.entries(changes))
    assert.match(await refusal(own.merge(broken, change)), /403 Forbidden: .*denied request: It (takes|changes)/, what);
  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    'a node deleted': () => own.delete(broken),
    'GPUs claimed': () => own.merge(broken, { status: { allocatable: { [GPU]: '8' } } }, 'status'),
    'a node made': () => own.create(fakeNode({ name: 'mine', zone: 'test-1a' })),
    'secrets read': () => own.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace: 'millrace-training' }),
    'a pod made': () => own.create({ ...trainingPod, metadata: { ...trainingPod.metadata, name: 'mine' } }),
  };
  for (const [what, act] of Object.entries(acts)) assert.match(await refusal(act()), /403 Forbidden: .*cannot/, what);
});

test('with a token that no longer holds it is not ready, and is again with the next', async () => {
  const token = readFileSync(TOKEN_FILE);
  writeFileSync(TOKEN_FILE, 'worn-out');
  const change = { metadata: { labels: { touched: 'yes' } } };
  await plane.api.merge(nodeNamed('gpu-broken'), { spec: { taints: [PRESENT, STARTING] } });
  const gpus = { [GPU]: '8' };
  await plane.api.merge(nodeNamed('gpu-broken'), { ...change, status: { allocatable: gpus, capacity: gpus } }, 'status');
  await until('it is not ready', async () => (await status('/readyz')) === 503);
  assert.deepEqual(await taintsOf('gpu-broken'), [GPU, DEVICE_PLUGIN_TAINT]);
  writeFileSync(TOKEN_FILE, token);
  await until('it went on', async () => !(await taintsOf('gpu-broken')).includes(DEVICE_PLUGIN_TAINT));
  assert.equal(await status('/readyz'), 200);
});

test('what the cluster lacks for GPU nodes is told, until it is there and starts on new nodes', async () => {
  const dials = await readDials('staging');
  const server = openApiServer(accessOf({ kubeconfig: plane.kubeconfig }));
  const lacks = async () => (await checkGpus(server, dials)).gpus.map((lack) => lack.split(/,|:/)[0]);
  assert.deepEqual(await lacks(), ["NVIDIA's device plugin is not there", "DCGM's exporter is not there"]);
  for (const [name, tolerated] of [
    ['nvidia-device-plugin', [GPU]],
    ['dcgm-exporter', [GPU, DEVICE_PLUGIN_TAINT]],
  ] as const) {
    const labels = { app: name };
    const tolerations = tolerated.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }));
    const template = {
      metadata: { labels },
      spec: { tolerations, containers: [{ name: 'main', image: 'registry.test/of-others:1' }] },
    };
    const metadata = { name, namespace: 'kube-system' };
    await plane.api.apply({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { selector: { matchLabels: labels }, template },
    });
  }
  assert.deepEqual(await lacks(), [`NVIDIA's device plugin does not tolerate ${DEVICE_PLUGIN_TAINT}`]);
  server.close();
});

test('told to stop, it ends at once', async () => {
  const ended = new Promise<number | null>((resolve) => workload.once('close', resolve));
  workload.kill('SIGTERM');
  assert.equal(await ended, 0);
});
