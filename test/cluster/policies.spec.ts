import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as k8s from '@pulumi/kubernetes';
import { type Input, output } from '@pulumi/pulumi';
import { BELONGS, PLATFORM, PRIORITIES } from '../../app/usecases/annotations.ts';
import { type Admission, admissionName } from '../../policies/admission.ts';
import { RULES } from '../../policies/catalogue.ts';
import { type CorpusEntry, type CorpusGroup, corpus } from '../../policies/corpus.ts';
import { podSpec } from '../../policies/pods.ts';
import { IMAGE, workload } from '../../policies/samples.ts';
import { type KubeObject, Refusal } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { openEngine } from './engine.ts';
import { crdFiles, toolFolder } from './tools.ts';
import { until } from './until.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-policies-'));
let plane: ControlPlane;
let groups: readonly CorpusGroup[];
before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), crds: crdFiles(bin), metrics: false });
  groups = await corpus(RULES);
  await furnish(groups.flatMap(({ entries }) => entries));
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const asObject = (value: unknown) => value as KubeObject;

/** What the objects of the corpus stand on: namespaces, accounts and priority classes, all from before the policies. */
async function furnish(entries: readonly CorpusEntry[]): Promise<void> {
  const rooms = new Map<string, Set<string>>();
  const classes = new Set<string>(PRIORITIES);
  for (const { object } of entries) {
    const { namespace } = asObject(object).metadata;
    if (namespace === undefined) continue;
    const accounts = rooms.get(namespace) ?? new Set();
    const { serviceAccountName, priorityClassName } = (podSpec(object).value ?? {}) as Readonly<Record<string, string>>;
    if (serviceAccountName !== undefined && serviceAccountName !== 'default') accounts.add(serviceAccountName);
    if (priorityClassName !== undefined && !priorityClassName.startsWith('system-')) classes.add(priorityClassName);
    rooms.set(namespace, accounts);
  }
  for (const [index, name] of [...classes].entries()) {
    await plane.api.apply({
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value: 1_000 - index,
    });
  }
  for (const [namespace, accounts] of rooms) {
    await plane.api.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { [BELONGS]: PLATFORM } },
    });
    for (const name of ['default', ...accounts]) {
      await plane.api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
    }
  }
}

/** A pod that the rule on images denies, whatever the settings. */
const canary = asObject({
  ...workload('Pod', undefined, { containers: [{ name: 'main', image: 'canary' }] }).props,
});
const isDenied = async () => {
  const verdict = await ask({ object: canary });
  return verdict.denied.length > 0;
};

/** Puts a group's policies in force; the canary's own comes last, so that it speaks for all. */
async function enforce(admissions: readonly Admission[]): Promise<void> {
  const ordered = [...admissions].sort((a, b) => Number(a.rule.id === 'K03') - Number(b.rule.id === 'K03'));
  for (const { policy } of ordered) await plane.api.apply(asObject(policy));
  for (const { binding } of ordered) await plane.api.apply(asObject(binding));
  await until('the policies are in force', isDenied, { timeoutMs: 60_000 });
}

async function lift(admissions: readonly Admission[]): Promise<void> {
  for (const { policy, binding } of admissions) {
    await plane.api.delete(binding as never);
    await plane.api.delete(policy as never);
  }
  await until('the policies are gone', async () => !(await isDenied()), { timeoutMs: 60_000 });
}

const POLICY = /ValidatingAdmissionPolicy '([^']+)'/g;
const namesIn = (text: string) => [...text.matchAll(POLICY)].map(([, name]) => name ?? '');

/** What the API server says: names of the policies that deny, and of those that warn. */
async function ask({ object }: Pick<CorpusEntry, 'object'>): Promise<{ denied: string[]; warned: string[]; other?: string }> {
  try {
    const { warnings } = await plane.api.create(asObject(object), { dryRun: true });
    return { denied: [], warned: warnings.flatMap(namesIn) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const warned = error.warnings.flatMap(namesIn);
    const denied = namesIn(error.message);
    // What is there already was admitted first.
    if (denied.length > 0 || error.reason === 'AlreadyExists') return { denied, warned };
    return { denied, warned, other: error.message };
  }
}

test('the API server gives every object of the corpus the verdict that the preview gives', async () => {
  const differences: string[] = [];
  let asked = 0;
  for (const { admissions, entries } of groups) {
    await enforce(admissions);
    const nameOf = (id: string) => admissionName(RULES.find((rule) => rule.id === id) as (typeof RULES)[number]);
    for (const entry of entries) {
      const verdict = await ask(entry);
      asked += 1;
      const [denied, warned] = [entry.denied.map(nameOf), entry.warned.map(nameOf)];
      if (verdict.other !== undefined) differences.push(`${entry.title}: refused by another: ${verdict.other}`);
      // Of several policies that deny, the server may name only the first.
      else if (denied.length > 0 !== verdict.denied.length > 0 || !verdict.denied.every((name) => denied.includes(name)))
        differences.push(`${entry.title}: denied by [${verdict.denied}], expected [${denied}]`);
      else if (denied.length === 0 && String([...new Set(verdict.warned)].sort()) !== String([...warned].sort()))
        differences.push(`${entry.title}: warned by [${verdict.warned}], expected [${warned}]`);
    }
    await lift(admissions);
  }
  assert.deepEqual(differences, []);
  assert.ok(asked > 200, `only ${asked} objects were asked about`);
});

test('the API server finds no fault in the policies themselves', async () => {
  for (const { policy, binding } of groups[0]?.admissions ?? []) {
    const written = await plane.api.apply(asObject(policy));
    assert.deepEqual(written.warnings, [], policy.metadata.name);
    assert.deepEqual((await plane.api.apply(asObject(binding))).warnings, []);
  }
  const kind = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' };
  type Checked = KubeObject<
    unknown,
    { observedGeneration?: number; typeChecking?: { expressionWarnings?: { warning: string }[] } }
  >;
  const checked = await until('every policy is type-checked', async () => {
    const found = await plane.api.list<Checked>(kind);
    return found.every(({ status }) => status?.typeChecking !== undefined) && found;
  });
  assert.deepEqual(
    checked.flatMap(({ metadata, status }) =>
      (status?.typeChecking?.expressionWarnings ?? []).map(({ warning }) => `${metadata.name}: ${warning}`),
    ),
    [],
  );
  await lift(groups[0]?.admissions ?? []);
});

/** A Deployment of the platform, its image as given. */
const program = (image: () => Input<string>) => async () => {
  const { metadata, spec } = workload('Deployment').props as unknown as k8s.types.input.apps.v1.Deployment;
  const { template, ...rest } = spec as { template: { metadata: object; spec: { containers: object[] } }; selector: never };
  const containers = template.spec.containers.map((container) => ({ ...container, image: image() })) as never;
  new k8s.apps.v1.Deployment('exporter', {
    ...(metadata !== undefined && { metadata }),
    spec: { ...rest, template: { metadata: template.metadata, spec: { ...template.spec, containers } } },
  });
};

async function preview(image: Parameters<typeof program>[0], settings: string): Promise<string> {
  const stacks = mkdtempSync(join(dir, 'stacks-'));
  writeFileSync(join(stacks, 'Pulumi.prod.yaml'), settings);
  const engineDir = join(dir, 'engine');
  mkdirSync(engineDir, { recursive: true });
  const engine = await openEngine({
    bin: toolFolder(),
    dir: engineDir,
    kubeconfig: plane.kubeconfig,
    env: { MILLRACE_STACKS: stacks },
  });
  const stack = await engine.open({ project: 'millrace', stack: 'prod', program: program(image) });
  return (await stack.preview({ policyPacks: [join(import.meta.dirname, '../../policies')] })).stdout;
}
const ours = 'config:\n  millrace:policies:\n    imageRegistries: [registry.example.org/millrace]\n';

test('the pack lets a pinned image through, and stops a tag with its reason', async () => {
  assert.match(await preview(() => IMAGE, ours), /millrace@v/);
  await assert.rejects(
    preview(() => 'registry.example.org/millrace/millrace:1', ours),
    /\[mandatory\].*governance-pinned-image.*K03 exporter: spec\.template\.spec\.containers\[0\]\.image is "registry\.example\.org\/millrace\/millrace:1"/s,
  );
});

test('a value that the preview cannot know is advice, not a refusal and not silence', async () => {
  // The provider's dry run knows all of an object beforehand; for what it would not, the SDK's own sentinel stands in.
  const { unknown } = createRequire(import.meta.url)('@pulumi/pulumi/output') as { readonly unknown: string };
  const printed = await preview(() => output(unknown), ours);
  assert.match(printed, /\[advisory\].*governance-pinned-image.*not known until the update runs/s);
});

test('settings that do not hold stop the preview with the field', async () => {
  const wrong = ours.replace('imageRegistries: [registry.example.org/millrace]', 'imageRegistries: 3');
  await assert.rejects(
    preview(() => IMAGE, wrong),
    /governance-policy-settings.*MR_POLICIES_SETTINGS_INVALID.*imageRegistries/s,
  );
});
