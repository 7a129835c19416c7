import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type KubeObject, Refusal } from './api.ts';
import { type ControlPlane, isReady, type NodeObject, startControlPlane } from './control-plane.ts';
import { crdFiles, toolFolder } from './tools.ts';
import { until } from './until.ts';

type Pod = KubeObject<
  { readonly nodeName?: string },
  {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string; readonly message?: string }[];
  }
>;

const dir = mkdtempSync(join(tmpdir(), 'millrace-cluster-'));
let plane: ControlPlane;
before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir, crds: crdFiles(bin) });
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const RESTRICTED = {
  securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};
const GPU_TOLERATION = { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' };

interface PodWish {
  readonly cpu?: string;
  readonly gpus?: number;
  readonly tolerations?: readonly object[];
}
const podSpec = ({ cpu = '100m', gpus = 0, tolerations = [] }: PodWish) => ({
  securityContext: RESTRICTED.securityContext,
  tolerations,
  containers: [
    {
      name: 'main',
      image: 'example.test/app:1',
      securityContext: RESTRICTED.container,
      resources: { requests: { cpu, memory: '64Mi' }, ...(gpus > 0 ? { limits: { 'nvidia.com/gpu': gpus } } : {}) },
    },
  ],
});
const pod = (namespace: string, name: string, wish: PodWish = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: podSpec(wish) as unknown as { nodeName?: string },
});
const makeNamespace = (name: string, labels: Record<string, string> = {}) =>
  plane.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
const nodeOf = (of: Pod) =>
  until(`${of.metadata.name} runs`, async () => {
    const found = await plane.api.get<Pod>(of);
    return found?.status?.phase === 'Running' ? found.spec?.nodeName : undefined;
  });
const refusedByScheduler = (of: Pod) =>
  until(`${of.metadata.name} is refused by the scheduler`, async () => {
    const found = await plane.api.get<Pod>(of);
    return found?.status?.conditions?.find(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable')?.message;
  });

test('every fake node is ready, in three zones', async () => {
  const nodes = await plane.api.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
  assert.deepEqual(
    nodes
      .filter(isReady)
      .map(({ metadata }) => metadata.name)
      .sort(),
    ['cpu-a', 'cpu-b', 'cpu-c', 'gpu-a', 'gpu-b'],
  );
  assert.equal(new Set(nodes.map(({ metadata }) => metadata.labels?.['topology.kubernetes.io/zone'])).size, 3);
});

test('the kinds of every operator are served', async () => {
  const served = new Set((await plane.api.served()).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  const wanted = [
    ...['v1', 'v1beta2'].flatMap((version) =>
      ['Kafka', 'KafkaNodePool', 'KafkaTopic', 'KafkaUser', 'KafkaConnect', 'KafkaConnector'].map(
        (kind) => `kafka.strimzi.io/${version} ${kind}`,
      ),
    ),
    'keda.sh/v1alpha1 ScaledObject',
    'keda.sh/v1alpha1 TriggerAuthentication',
    'argoproj.io/v1alpha1 CronWorkflow',
    'argoproj.io/v1alpha1 WorkflowTemplate',
    'karpenter.sh/v1 NodePool',
    'karpenter.k8s.aws/v1 EC2NodeClass',
    'monitoring.coreos.com/v1 ServiceMonitor',
    'monitoring.coreos.com/v1 PrometheusRule',
    'gateway.networking.k8s.io/v1 Gateway',
    'gateway.networking.k8s.io/v1 HTTPRoute',
    'postgresql.cnpg.io/v1 Cluster',
    'cert-manager.io/v1 Certificate',
    'external-secrets.io/v1 ExternalSecret',
    'generators.external-secrets.io/v1alpha1 Password',
  ];
  assert.deepEqual(
    wanted.filter((kind) => !served.has(kind)),
    [],
  );
});

test('a GPU pod lands only on a tainted GPU node, and a CPU pod never does', async () => {
  await makeNamespace('placement');
  const gpuPods = Array.from({ length: 4 }, (_, i) => pod('placement', `gpu-${i}`, { gpus: 2, tolerations: [GPU_TOLERATION] }));
  const cpuPods = Array.from({ length: 12 }, (_, i) => pod('placement', `cpu-${i}`));
  const intolerant = pod('placement', 'gpu-without-toleration', { gpus: 1 });
  const tooBig = pod('placement', 'cpu-too-big', { cpu: '32' }); // no CPU node has 32 cores, a GPU node has
  const tooMany = pod('placement', 'gpu-too-many', { gpus: 9, tolerations: [GPU_TOLERATION] });
  for (const one of [...gpuPods, ...cpuPods, intolerant, tooBig, tooMany]) await plane.api.create(one);

  for (const one of gpuPods) assert.match(await nodeOf(one), /^gpu-/);
  for (const one of cpuPods) assert.match(await nodeOf(one), /^cpu-/);
  assert.match(await refusedByScheduler(intolerant), /untolerated taint/);
  assert.match(await refusedByScheduler(tooBig), /2 node\(s\) had untolerated taint/);
  assert.match(await refusedByScheduler(tooMany), /Insufficient nvidia\.com\/gpu/);
});

test('a restricted namespace refuses a bad pod with the reason, and warns of a bad Deployment in a dry run', async () => {
  const level = 'restricted';
  await makeNamespace('strict', { 'pod-security.kubernetes.io/enforce': level, 'pod-security.kubernetes.io/warn': level });
  const bad = { ...pod('strict', 'bad'), spec: { containers: [{ name: 'main', image: 'example.test/app:1' }] } };
  await assert.rejects(plane.api.create(bad as Pod, { dryRun: true }), (error) => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.reason, 'Forbidden');
    assert.match(error.message, /violates PodSecurity "restricted.*allowPrivilegeEscalation != false.*runAsNonRoot != true/);
    return true;
  });
  const deployment = (spec: unknown): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app', namespace: 'strict' },
    spec: { selector: { matchLabels: { app: 'app' } }, template: { metadata: { labels: { app: 'app' } }, spec } },
  });
  assert.match((await plane.api.apply(deployment(bad.spec), { dryRun: true })).warnings.join(), /would violate PodSecurity/);
  assert.deepEqual((await plane.api.apply(deployment(podSpec({})), { dryRun: true })).warnings, []);
  assert.equal(await plane.api.get(deployment({})), undefined, 'a dry run writes nothing');
});

test('a misspelt field is refused, not dropped', async () => {
  const topic: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' }, dada: {} };
  await assert.rejects(plane.api.apply(topic, { dryRun: true }), /dada/);
});

test('a user without rights is refused', async () => {
  const nobody = plane.apiOf('nobody');
  await assert.rejects(nobody.list({ apiVersion: 'v1', kind: 'Secret' }), /403 Forbidden.*cannot list resource "secrets"/);
  nobody.close();
});

test('an autoscaler adds replicas on simulated CPU usage', async () => {
  await makeNamespace('scaling');
  const named = { name: 'busy', namespace: 'scaling' };
  const template = {
    metadata: {
      labels: { app: 'busy' },
      annotations: { 'kwok.x-k8s.io/usage-cpu': '90m', 'kwok.x-k8s.io/usage-memory': '32Mi' },
    },
    spec: podSpec({ cpu: '100m' }),
  };
  const busy = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: named };
  await plane.api.apply({ ...busy, spec: { selector: { matchLabels: { app: 'busy' } }, template } });
  await plane.api.apply({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: named,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } }],
    },
  });
  // 90 % against a target of 60 %: up to the maximum, since simulated usage does not fall as replicas are added.
  const available = await until('the Deployment has its maximum of replicas', async () => {
    const found = await plane.api.get<KubeObject<unknown, { readonly availableReplicas?: number }>>(busy);
    return found?.status?.availableReplicas === 5 ? 5 : undefined;
  });
  assert.equal(available, 5);
});

test('after stop no process of it is left', async () => {
  const pids = plane.servers.map(({ pid }) => pid);
  assert.equal(pids.length, 6);
  await plane.stop();
  const alive = pids.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
  assert.deepEqual(alive, []);
});
