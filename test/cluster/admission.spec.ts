import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { type KubeObject, Refusal } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { objectsOf } from './environment.ts';
import { crdFiles, toolFolder } from './tools.ts';
import { until } from './until.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-admission-'));
let plane: ControlPlane;
before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false, crds: crdFiles(bin) });
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** What the API server says against an object, as it would be written: why it refuses it, or its warnings. */
async function faultsOf(object: KubeObject, api = plane.api): Promise<readonly string[]> {
  const name = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  try {
    const { warnings } = await api.apply(object, { dryRun: true });
    return warnings.map((warning) => `${name}: ${warning}`);
  } catch (error) {
    if (error instanceof Refusal) return [`${name}: ${error.message}`];
    throw error;
  }
}

/** Makes what the objects stand in: namespaces, which are returned, and priority classes. */
async function furnish(objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
  const rooms = objects.filter(({ kind }) => kind === 'Namespace');
  for (const object of [...rooms, ...objects.filter(({ kind }) => kind === 'PriorityClass')]) await plane.api.apply(object);
  return rooms;
}

const isPolicy = ({ kind }: KubeObject) => kind.startsWith('ValidatingAdmissionPolicy');
const BY_TAG = /\bK03 /;
/** One of our own Deployments with an image that no digest pins. */
function byTag(objects: readonly KubeObject[]): KubeObject {
  const [one] = objects.filter(({ kind }) => kind === 'Deployment') as readonly Templated[];
  assert.ok(one?.spec !== undefined);
  const { template } = one.spec;
  const spec = eachContainer((container) => ({ ...container, image: 'registry.test/by-tag:1' }))(template.spec);
  return { ...one, spec: { ...one.spec, template: { ...template, spec } } };
}

const isHeld = async (objects: readonly KubeObject[]) => (await faultsOf(byTag(objects))).some((fault) => BY_TAG.test(fault));

/** Puts the environment's own policies in force. */
async function enforce(objects: readonly KubeObject[]): Promise<void> {
  for (const policy of objects.filter(isPolicy)) await plane.api.apply(policy);
  await until('the policies are in force', () => isHeld(objects), { timeoutMs: 60_000 });
}

async function lift(objects: readonly KubeObject[]): Promise<void> {
  for (const policy of objects.filter(isPolicy)) await plane.api.delete(policy);
  await until('the policies are gone', async () => !(await isHeld(objects)), { timeoutMs: 60_000 });
}

async function* inGroups<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

for (const environment of ['dev', 'staging'] as const) {
  test(`every object of ${environment} is accepted without a warning, where restricted and its own policies are enforced`, async (t) => {
    const objects = objectsOf(await readDials(environment), await loadUseCases());
    const names = objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace}/${metadata.name}`);
    assert.deepEqual([...new Set(names)], names, 'no two objects have one name');
    const rooms = await furnish(objects);
    for (const { metadata } of rooms) assert.equal(metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
    await enforce(objects);

    const faults: string[] = [];
    for await (const group of inGroups(objects, 8))
      faults.push(...(await Promise.all(group.map((object) => faultsOf(object)))).flat());
    await lift(objects);
    assert.deepEqual(faults, []);
    t.diagnostic(`${objects.length} objects, 0 refused, 0 warnings`);
  });
}

test('what a person writes is held to the pack, and what an operator makes of it is not', async () => {
  const objects = objectsOf(await readDials('dev'), await loadUseCases());
  await furnish(objects);
  await enforce(objects);
  const [tagged, operator] = [byTag(objects), plane.apiOf('operator')];
  assert.match((await faultsOf(tagged)).join(), BY_TAG);
  assert.deepEqual(await faultsOf(tagged, operator), []);
  operator.close();
  await lift(objects);
});

interface Container {
  readonly securityContext?: object;
  readonly [field: string]: unknown;
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext?: object;
  readonly volumes?: readonly unknown[];
  readonly [field: string]: unknown;
}
type Templated = KubeObject<{ readonly template: { readonly metadata?: object; readonly spec: PodSpec } }>;
type Change = (spec: PodSpec) => PodSpec;

const eachContainer =
  (change: (container: Container) => Container): Change =>
  (spec) => ({ ...spec, containers: spec.containers.map(change) });
const secured =
  (change: object): Change =>
  (spec) =>
    eachContainer((container) => ({ ...container, securityContext: { ...container.securityContext, ...change } }))(spec);

/** Ways to make one of our own pods worse, and how the API server must answer. */
const WORSE: Readonly<Record<string, { readonly change: Change; readonly reason: RegExp }>> = {
  'runs privileged': { change: secured({ privileged: true, allowPrivilegeEscalation: true }), reason: /privileged/ },
  'may gain privileges': { change: secured({ allowPrivilegeEscalation: true }), reason: /allowPrivilegeEscalation/ },
  'keeps its capabilities': { change: secured({ capabilities: {} }), reason: /capabilities/ },
  'adds a capability': { change: secured({ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }), reason: /NET_ADMIN/ },
  'runs as root': { change: secured({ runAsNonRoot: false, runAsUser: 0 }), reason: /runAsNonRoot|runAsUser/ },
  'runs without a seccomp profile': { change: secured({ seccompProfile: { type: 'Unconfined' } }), reason: /seccomp/ },
  'uses the network of its node': { change: (spec) => ({ ...spec, hostNetwork: true }), reason: /host namespaces/ },
  'sees the processes of its node': { change: (spec) => ({ ...spec, hostPID: true }), reason: /host namespaces/ },
  'mounts a path of its node': {
    change: (spec) => ({ ...spec, volumes: [...(spec.volumes ?? []), { name: 'node', hostPath: { path: '/' } }] }),
    reason: /hostPath/,
  },
  'takes a port of its node': {
    change: eachContainer((container) => ({ ...container, ports: [{ containerPort: 8080, hostPort: 8080 }] })),
    reason: /hostPort/,
  },
  'has a field that nobody knows': { change: (spec) => ({ ...spec, colour: 'red' }), reason: /colour/ },
  'asks for more than its own limit': {
    change: eachContainer((container) => ({ ...container, resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } })),
    reason: /must be less than or equal to cpu limit/,
  },
};

test('each of our own pods made worse is refused by the room it stands in', async (t) => {
  const objects = objectsOf(await readDials('dev'), await loadUseCases());
  await furnish(objects);
  const templated = objects.filter(({ kind }) => kind === 'Deployment') as readonly Templated[];
  assert.ok(templated.length > 5);
  const missed: string[] = [];
  for (const { metadata, spec } of templated) {
    const pod = (name: string, change: Change): KubeObject => {
      const template = spec?.template.spec ?? { containers: [] };
      const named = { name, namespace: metadata.namespace ?? '' };
      return { apiVersion: 'v1', kind: 'Pod', metadata: named, spec: change({ ...template, serviceAccountName: 'default' }) };
    };
    const good = await faultsOf(pod('good', (same) => same));
    assert.deepEqual(good, []);
    for (const [what, { change, reason }] of Object.entries(WORSE)) {
      const faults = await faultsOf(pod('worse', change));
      if (!faults.some((fault) => reason.test(fault))) missed.push(`${metadata.name} ${what}: ${faults.join(' ')}`);
    }
  }
  assert.deepEqual(missed, []);
  t.diagnostic(`${templated.length} pods, each made worse in ${Object.keys(WORSE).length} ways`);
});
