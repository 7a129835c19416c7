import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { USECASE } from '../../app/usecases/annotations.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../../constructs/dials.ts';
import { deploy } from '../../stacks/program.ts';
import type { KubeObject } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Engine, openEngine } from './engine.ts';
import { giveDisks, objectsOf, onEmptyCluster } from './environment.ts';
import { toolFolder } from './tools.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-stack-'));
const policyPacks = [join(import.meta.dirname, '../../policies')];
let plane: ControlPlane;
let engine: Engine;
let dials: Dials;
let retail: UseCase;
/** A second use case, like the first in all but its name. */
let outlet: UseCase;
let stood: readonly string[];

before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false });
  await giveDisks(plane.api, 4);
  // The engine writes the whole of a stack's state twice for each step unless told otherwise: minutes, with this many.
  const env = { PULUMI_SKIP_CHECKPOINTS: 'true' };
  engine = await openEngine({ bin, dir: join(dir, 'engine'), kubeconfig: plane.kubeconfig, env });
  retail = await loadUseCase('retail');
  outlet = { ...retail, name: 'outlet' };
  dials = await onEmptyCluster(bin, join(dir, 'crds'), 'dev', [retail, outlet]);
  stood = await listing();
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const nameOf = ({ apiVersion, kind, metadata }: KubeObject) =>
  `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
/** Everything that is stored, save what comes and goes by itself. */
const listing = async () =>
  (await plane.api.inventory())
    .filter(({ kind }) => !['Event', 'Lease'].includes(kind))
    .map(nameOf)
    .sort();

const RENAMED = 'retail-governance/erasure';
/** What stands under another name than before: everything about an object stays but `metadata.name`. */
const rename = ({ name, props, opts }: pulumi.ResourceTransformationArgs) =>
  name === RENAMED
    ? { props: { ...props, metadata: { ...props['metadata'], name: `${props['metadata'].name}-renamed` } }, opts }
    : undefined;

const open = (usecases: readonly UseCase[], wanted = dials, renamed = false) =>
  engine.open({
    project: 'millrace',
    stack: 'dev',
    program: async () => {
      if (renamed) pulumi.runtime.registerStackTransformation(rename);
      const { monthlyCost, endpoints } = deploy(wanted, usecases);
      return { monthlyCost, endpoints };
    },
  });

interface Step {
  readonly op: string;
  readonly type: string;
  readonly urn: string;
}
/** Collects what the engine means to do, or did. */
function recorder() {
  const steps: Step[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    if (resourcePreEvent === undefined) return;
    const { op, type, urn } = resourcePreEvent.metadata;
    steps.push({ op, type, urn });
  };
  return { onEvent, of: (...ops: readonly string[]) => steps.filter(({ op }) => ops.includes(op)) };
}

const nameIn = (urn: string) => urn.split('::').at(-1) ?? '';
/** Says how long it took; of a failure, what the engine says at its end. */
const timed = async <T>(what: string, work: () => Promise<T>, t: { diagnostic(text: string): void }) => {
  const from = performance.now();
  const result = await work().catch((error: unknown) => {
    const { message } = error as Error;
    throw new Error(`${what} failed: ${message.slice(message.indexOf('\nDiagnostics:') + 1)}`);
  });
  t.diagnostic(`${what}: ${Math.round((performance.now() - from) / 1000)} s`);
  return result;
};

test('a preview on an empty cluster passes the policy pack, shows typed tokens, and writes nothing', async (t) => {
  const stack = await open([retail, outlet]);
  const { onEvent, of } = recorder();
  const { stdout, changeSummary } = await timed('preview', () => stack.preview({ policyPacks, onEvent }), t);
  assert.match(stdout, /kubernetes:apps\/v1:Deployment/);
  assert.match(stdout, /kubernetes:kafka\.strimzi\.io\/v1:KafkaTopic/);
  assert.doesNotMatch(stdout, /\[mandatory\]/);
  const objects = objectsOf(dials, [retail, outlet]).length;
  const made = of('create').filter(({ type }) => !type.startsWith('pulumi:') && !type.endsWith(':CustomResourceDefinition'));
  assert.equal(made.length, objects);
  assert.equal(changeSummary['create'], of('create').length);
  t.diagnostic(`${of('create').length} resources, ${objects} of them objects of charts`);
  assert.deepEqual(await listing(), stood);
});

test('up brings kinds and objects in one run, and a second up changes nothing', async (t) => {
  const stack = await open([retail, outlet]);
  const { summary } = await timed('up', () => stack.up(), t);
  const { create } = summary.resourceChanges ?? {};
  assert.deepEqual(summary.resourceChanges, { create });
  const again = await timed('second up', () => stack.up(), t);
  assert.deepEqual(again.summary.resourceChanges, { same: create });
});

test('a use case that is gone takes exactly its own objects along; a rename keeps the URN; a new image rolls', async (t) => {
  const image = `${dials.image.split('@')[0]}@sha256:${'e'.repeat(64)}`;
  const own = (await plane.api.inventory({ labels: `${USECASE}=outlet` })).map(nameOf);
  const declared = objectsOf(dials, [retail, outlet]).filter(({ metadata }) => metadata.labels?.[USECASE] === 'outlet');
  const stack = await open([retail], { ...dials, image }, true);
  const { onEvent, of } = recorder();
  await timed('up', () => stack.up({ onEvent }), t);

  const gone = of('delete').map(({ urn }) => nameIn(urn));
  assert.equal(gone.length, declared.length);
  assert.deepEqual(
    gone.filter((name) => !name.startsWith('outlet-')),
    [],
  );
  assert.ok(own.length >= declared.length, 'what controllers made of them counts as well');
  assert.deepEqual(await plane.api.inventory({ labels: `${USECASE}=outlet` }), []);

  // A job cannot change, so that a new image means a new one; nothing else that is shared is made anew.
  const anew = new Set(of('replace', 'create-replacement').map(({ urn }) => nameIn(urn)));
  assert.deepEqual([...anew].sort(), ['registry/registry-layout', 'retail-features/backfill', RENAMED]);
  assert.deepEqual(of('create'), []);
  const rolled = of('update').filter(({ type }) => type === 'kubernetes:apps/v1:Deployment');
  assert.ok(rolled.length > 0);
  const kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
  const images = (await plane.api.list<Deployment>(kind, { labels: `${USECASE}=retail` })).flatMap(({ spec }) =>
    (spec?.template.spec.containers ?? []).map((container) => container.image),
  );
  assert.ok(images.length > 0 && images.every((one) => one === image), images.join(' '));
});

type Deployment = KubeObject<{
  readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
}>;

test('destroy leaves nothing', async (t) => {
  const stack = await open([retail]);
  await timed('destroy', () => stack.destroy(), t);
  assert.deepEqual(await listing(), stood);
});
