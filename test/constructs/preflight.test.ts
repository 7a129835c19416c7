import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { amountOf, shownAmount } from '../../constructs/preflight/amount.ts';
import { type ApiServer, openApiServer } from '../../constructs/preflight/api-server.ts';
import { checkGpus } from '../../constructs/preflight/gpus.ts';
import { definedKind } from '../../constructs/preflight/kinds-in.ts';
import { accessOf } from '../../constructs/preflight/kubeconfig.ts';
import { checkRunning } from '../../constructs/preflight/operators.ts';
import { site } from './site.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-preflight-'));
after(() => rmSync(dir, { recursive: true, force: true }));

test('an amount of Kubernetes is a number, whatever its suffix', () => {
  const amounts = ['500m', '2', '1.5', '2k', '1Ki', '3Gi'].map(amountOf);
  assert.deepEqual(amounts, [0.5, 2, 1.5, 2_000, 1_024, 3 * 2 ** 30]);
  assert.deepEqual([amountOf('much'), amountOf(undefined), amountOf('1Xi')], [undefined, undefined, undefined]);
  assert.deepEqual([shownAmount('memory', 2 ** 31), shownAmount('cpu', 0.25)], ['2Gi', '0.25']);
});

test('a definition names its kind, in a block or in braces; another document names none', () => {
  const head = 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: as.x.dev\n';
  const block = `${head}spec:\n  group: x.dev\n  names:\n    listKind: AList\n    kind: A\n  scope: Namespaced\n`;
  const braces = `${head}spec:\n  group: x.dev\n  names: { listKind: BList, kind: B, plural: bs }\n`;
  const other = 'kind: Deployment\nspec:\n  group: x.dev\n  names:\n    kind: C\n';
  assert.deepEqual([block, braces, other].map(definedKind), ['x.dev/A', 'x.dev/B', undefined]);
});

/** Writes a kubeconfig with one user; JSON is YAML. */
function kubeconfig(name: string, user: object, change: object = {}): string {
  const file = join(dir, name);
  const config = {
    'current-context': name,
    clusters: [{ name, cluster: { server: 'http://127.0.0.1:9' } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    ...change,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

test('of several kubeconfigs the first to name something decides, and each can lend to the others', () => {
  const first = kubeconfig('first', { token: 'one' });
  const second = kubeconfig('second', { token: 'two' });
  const both = [first, join(dir, 'absent'), second].join(delimiter);
  assert.equal(accessOf({ kubeconfig: both }).authorization, 'Bearer one');
  assert.equal(accessOf({ kubeconfig: both, context: 'second' }).authorization, 'Bearer two');
});

test('a credential is a token, a file beside the kubeconfig, a password, or what a program prints', () => {
  writeFileSync(join(dir, 'token.txt'), 'of-a-file\n');
  const printed = JSON.stringify({ status: { token: 'of-a-program' } });
  const exec = { command: process.execPath, args: ['-p', `'${printed}'`] };
  const users = { file: { tokenFile: 'token.txt' }, password: { username: 'a', password: 'b' }, program: { exec } };
  const found = Object.entries(users).map(([name, user]) => accessOf({ kubeconfig: kubeconfig(name, user) }).authorization);
  assert.deepEqual(found, ['Bearer of-a-file', `Basic ${Buffer.from('a:b').toString('base64')}`, 'Bearer of-a-program']);
  const failing = kubeconfig('failing', { exec: { command: join(dir, 'no-such-program') } });
  assert.throws(() => accessOf({ kubeconfig: failing }), { code: 'MR_STACK_KUBECONFIG', field: 'exec.command' });
});

test('a kubeconfig without a context, or with a cluster without an address, is refused by its field', () => {
  const aimless = kubeconfig('aimless', {}, { 'current-context': '' });
  assert.throws(() => accessOf({ kubeconfig: aimless }), { code: 'MR_STACK_CONTEXT', field: 'current-context' });
  const nowhere = kubeconfig('nowhere', {}, { clusters: [{ name: 'nowhere', cluster: {} }] });
  assert.throws(() => accessOf({ kubeconfig: nowhere }), { code: 'MR_STACK_KUBECONFIG', field: 'clusters.nowhere.server' });
});

test('an operator whose kinds are needed and which does not run is told, one that nobody asked for or that runs is not', async () => {
  const deployments: Readonly<Record<string, readonly number[] | undefined>> = {
    'strimzi-system': [0],
    keda: [0, 1],
    argo: [],
    'cnpg-system': undefined,
  };
  const asked: string[] = [];
  const server: Pick<ApiServer, 'read'> = {
    async read<T>(path: string) {
      const namespace = path.split('/')[5] ?? '';
      asked.push(namespace);
      const items = deployments[namespace]?.map((availableReplicas) => ({ status: { availableReplicas } }));
      return items && ({ items } as T);
    },
  };
  const versions = ['v1', 'kafka.strimzi.io/v1', 'keda.sh/v1alpha1', 'argoproj.io/v1alpha1', 'postgresql.cnpg.io/v1'];
  const kinds = versions.map((apiVersion) => ({ apiVersion, kind: 'Any', namespaces: [] }));
  const { dials } = site({ dials: { operators: { from: 'present' } } });
  const found = await checkRunning(server, dials, { kinds });
  assert.deepEqual(found, { idle: ['strimzi-system', 'argo'], unseen: ['deployments of cnpg-system'] });
  assert.deepEqual(asked.sort(), Object.keys(deployments).sort());
  const { dials: installing } = site({ dials: { operators: { from: 'helm' } } });
  assert.deepEqual(await checkRunning(server, installing, { kinds }), { idle: [], unseen: [] });
});

/** A cluster with these DaemonSets, and with NVIDIA's operator where its tolerations are given. */
const gpuCluster = (sets: readonly (readonly [string, readonly string[]])[] | undefined, operator?: readonly string[]) => {
  const tolerations = (keys: readonly string[]) => keys.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' }));
  return {
    read: async <T>(path: string) => {
      if (path.includes('clusterpolicies'))
        return operator && ({ items: [{ spec: { daemonsets: { tolerations: tolerations(operator) } } }] } as T);
      const items = sets?.map(([name, tolerated]) => ({
        metadata: { name: 'set' },
        spec: {
          template: { spec: { containers: [{ image: `nvcr.io/nvidia/${name}:1` }], tolerations: tolerations(tolerated) } },
        },
      }));
      return items && ({ items } as T);
    },
  };
};

test('where GPU nodes are allowed, a device plugin and an exporter that start on new nodes are missed', async () => {
  const { dials } = site();
  const lacks = async (server: Pick<ApiServer, 'read'>, change: object = {}) =>
    (await checkGpus(server, { ...dials, gpu: { ...dials.gpu, ...change } })).gpus;
  const both = ['nvidia.com/gpu', 'millrace.dev/device-plugin'] as const;
  const parts = (tolerated: readonly string[]) =>
    [['k8s-device-plugin', tolerated] as const, ['k8s/dcgm-exporter', tolerated] as const] as const;

  assert.deepEqual(
    (await lacks(gpuCluster([]))).map((lack) => lack.split(' is not there')[0]),
    ["NVIDIA's device plugin", "DCGM's exporter"],
  );
  assert.deepEqual(await lacks(gpuCluster(parts(both))), []);
  // As NVIDIA's charts come.
  const [plugin = ''] = await lacks(gpuCluster(parts(['nvidia.com/gpu'])));
  assert.match(plugin, /device plugin does not tolerate millrace\.dev\/device-plugin/);
  assert.deepEqual(await lacks(gpuCluster(parts(['nvidia.com/gpu'])), { readiness: 'allocatable' }), []);
  // The operator makes both once there is a node, with its own tolerations.
  assert.deepEqual(await lacks(gpuCluster([], both)), []);
  assert.equal((await lacks(gpuCluster([], ['nvidia.com/gpu']))).length, 2);
  assert.deepEqual(await lacks(gpuCluster([]), { maxNodes: 0 }), []);
  assert.deepEqual(await checkGpus(gpuCluster(undefined), dials), { gpus: [], unseen: ['daemonsets'] });
});

test('what answers and is no API server is said to be none', async () => {
  const server = createServer((_, response) => response.end('<html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const api = openApiServer({ context: 'x', server: `http://127.0.0.1:${port}`, tls: {} });
  try {
    await assert.rejects(api.version(), { code: 'MR_STACK_UNREACHABLE', field: 'server' });
  } finally {
    api.close();
    server.close();
  }
});
