import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as k8s from '@pulumi/kubernetes';
import type { KubeObject } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Engine, openEngine } from './engine.ts';
import { toolFolder } from './tools.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-engine-'));
let plane: ControlPlane;
let engine: Engine;
const place = () => ({ bin: toolFolder(), dir: join(dir, 'engine'), kubeconfig: plane.kubeconfig });
before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false });
  engine = await openEngine(place());
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const labels = { app: 'tiny' };
const named = { metadata: { name: 'app', namespace: 'tiny', labels } };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } });

/** A namespace, a ConfigMap and a Deployment that uses it. */
const program = (image: string) => async () => {
  const namespace = new k8s.core.v1.Namespace('tiny', { metadata: { name: 'tiny', labels } });
  const config = new k8s.core.v1.ConfigMap('config', { ...named, data: { mode: 'fast' } }, { dependsOn: namespace });
  new k8s.apps.v1.Deployment(
    'app',
    { ...named, spec: { replicas: 2, selector: { matchLabels: labels }, template: template(image) } },
    { dependsOn: config },
  );
};
const open = (image = 'example.test/app:1') => engine.open({ project: 'tiny', stack: 'test', program: program(image) });
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'app', namespace: 'tiny' } };
const imageNow = async () => {
  const found = await plane.api.get<KubeObject<{ template: ReturnType<typeof template> }>>(deployment);
  return found?.spec?.template.spec.containers[0]?.image;
};

/** A policy pack: an ES module in TypeScript, as ours are, that demands a digest and advises on labels. */
function writePack(): string {
  const pack = join(dir, 'pack');
  if (existsSync(pack)) return pack;
  mkdirSync(pack);
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(pack, 'node_modules'));
  writeFileSync(join(pack, 'PulumiPolicy.yaml'), 'runtime: nodejs\nmain: index.ts\n');
  writeFileSync(join(pack, 'package.json'), '{ "name": "tiny-pack", "version": "0.0.1", "type": "module", "main": "index.ts" }');
  writeFileSync(
    join(pack, 'index.ts'),
    `import * as k8s from '@pulumi/kubernetes';
    import { PolicyPack, type ResourceValidationPolicy, validateResourceOfType } from '@pulumi/policy';
    const pinned: ResourceValidationPolicy = {
      name: 'pinned-image', description: 'An image is named by its digest.', enforcementLevel: 'mandatory',
      validateResource: validateResourceOfType(k8s.apps.v1.Deployment, (deployment, args, report) => {
        const image = deployment.spec?.template?.spec?.containers?.[0]?.image ?? '';
        if (!image.includes('@sha256:')) report(\`\${args.name}: \${image} is not pinned\`);
      }),
    };
    const owned: ResourceValidationPolicy = {
      name: 'owned', description: 'Somebody answers for it.', enforcementLevel: 'advisory',
      validateResource: (args, report) => {
        if (args.type.startsWith('kubernetes:') && !args.props.metadata?.labels?.owner) report(\`\${args.name} has no owner\`);
      },
    };
    new PolicyPack('tiny', { policies: [pinned, owned] });`,
  );
  return pack;
}

test('preview, up, an up that changes nothing, an update, and a destroy that leaves nothing', async () => {
  const stack = await open();
  assert.deepEqual((await stack.preview()).changeSummary, { create: 4 });
  assert.deepEqual(await plane.api.list({ apiVersion: 'apps/v1', kind: 'Deployment' }), [], 'a preview writes nothing');

  assert.deepEqual((await stack.up()).summary.resourceChanges, { create: 4 });
  assert.equal(await imageNow(), 'example.test/app:1');
  assert.deepEqual((await stack.up()).summary.resourceChanges, { same: 4 });

  const next = await open('example.test/app:2');
  assert.match((await next.preview({ diff: true })).stdout, /kubernetes:apps\/v1:Deployment: \(update\)/);
  assert.deepEqual((await next.up()).summary.resourceChanges, { same: 3, update: 1 });
  assert.equal(await imageNow(), 'example.test/app:2');

  await next.destroy();
  assert.deepEqual(await plane.api.inventory({ labels: 'app=tiny' }), []);
});

test('what somebody changed by hand is seen by refresh, and put right only by force', async () => {
  await (await open()).up();
  await plane.api.merge(deployment, { spec: { replicas: 3 } });
  const drift = await (await open()).refresh({ previewOnly: true });
  assert.match(drift.stdout, /kubernetes:apps\/v1:Deployment app update/);

  await assert.rejects((await open()).up({ refresh: true }), /conflict with "millrace-test".*\.spec\.replicas/s);
  const forced = await openEngine({ ...place(), env: { PULUMI_K8S_ENABLE_PATCH_FORCE: 'true' } });
  const stack = await forced.open({ project: 'tiny', stack: 'test', program: program('example.test/app:1') });
  await stack.up({ refresh: true });
  const found = await plane.api.get<KubeObject<{ replicas: number }>>(deployment);
  assert.equal(found?.spec?.replicas, 2);
  await stack.destroy();
});

/** The programs without the Node language host, as a bare `pulumi` would be: packs then start by Pulumi's own runner. */
function bareBin(): string {
  const bin = join(dir, 'bare/bin');
  mkdirSync(bin, { recursive: true });
  cpSync(join(toolFolder(), 'pulumi'), join(bin, 'pulumi'));
  cpSync(join(toolFolder(), '../plugins'), join(bin, '../plugins'), { recursive: true });
  return bin;
}

for (const host of ['our language host', "Pulumi's own runner"] as const) {
  test(`a mandatory policy stops the preview with its reason, an advisory one is printed, by ${host}`, async () => {
    const bin = host === 'our language host' ? toolFolder() : bareBin();
    assert.equal(existsSync(join(bin, 'pulumi-language-nodejs')), host === 'our language host');
    const policed = await openEngine({ bin, dir: join(dir, host), kubeconfig: plane.kubeconfig });
    const policyPacks = [writePack()];
    const preview = async (image: string) =>
      (await policed.open({ project: 'tiny', stack: 'test', program: program(image) })).preview({ policyPacks });
    await assert.rejects(preview('example.test/app:1'), /app: example\.test\/app:1 is not pinned/);
    assert.match((await preview(`example.test/app@sha256:${'a'.repeat(64)}`)).stdout, /app has no owner/);
  });
}

test('without a kubeconfig the engine reaches no cluster', async () => {
  const blind = await openEngine({ bin: toolFolder(), dir: join(dir, 'blind') });
  const stack = await blind.open({ project: 'tiny', stack: 'test', program: program('example.test/app:1') });
  await assert.rejects(stack.up(), /unreachable|kubeconfig|no configuration/i);
});

test('the plain CLI previews a TypeScript program of a folder', async () => {
  const folder = join(dir, 'folder');
  mkdirSync(folder);
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'Pulumi.yaml'),
    'name: folder\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: false } }\n',
  );
  writeFileSync(
    join(folder, 'index.ts'),
    `import * as k8s from '@pulumi/kubernetes';
    const name: string = 'from-a-folder';
    new k8s.core.v1.Namespace(name, { metadata: { name } });`,
  );
  await engine.cli(folder, ['stack', 'init', 'test']);
  const { code, stdout, stderr } = await engine.cli(folder, ['preview', '--stack', 'test']);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /kubernetes:core\/v1:Namespace\s+from-a-folder\s+create/);
});
