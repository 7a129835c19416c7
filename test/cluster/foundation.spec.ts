import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { loadUseCase } from '../../app/usecases/load.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../../constructs/dials.ts';
import { readFoundation } from '../../constructs/foundation-reference.ts';
import { deploy, deployFoundation } from '../../stacks/program.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Engine, openEngine } from './engine.ts';
import { objectsOf, onEmptyCluster } from './environment.ts';
import { toolFolder } from './tools.ts';

const dir = mkdtempSync(join(tmpdir(), 'millrace-foundation-'));
const STACK = 'organization/millrace-foundation/dev';
let plane: ControlPlane;
let engine: Engine;
let dials: Dials;
let retail: UseCase;

before(async () => {
  const bin = toolFolder();
  plane = await startControlPlane({ bin, dir: join(dir, 'cluster'), metrics: false });
  engine = await openEngine({ bin, dir: join(dir, 'engine'), kubeconfig: plane.kubeconfig });
  retail = await loadUseCase('retail');
  dials = await onEmptyCluster(bin, join(dir, 'crds'), 'dev', [retail]);
});
after(async () => {
  await plane?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const foundation = () =>
  engine.open({ project: 'millrace-foundation', stack: 'dev', program: async () => ({ ...deployFoundation(dials, [retail]) }) });
const above = () =>
  engine.open({
    project: 'millrace',
    stack: 'dev',
    program: async () => {
      const standing = { ...dials, foundation: { stack: STACK } };
      deploy(standing, [retail], await readFoundation(standing));
    },
  });

/** What a preview would create, by the names of the objects. */
async function created(): Promise<readonly string[]> {
  const names: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op, urn = '' } = resourcePreEvent?.metadata ?? {};
    if (op === 'create') names.push(urn.split('::').at(-1) ?? '');
  };
  await (await above()).preview({ onEvent });
  return names;
}

test('an environment whose foundation was never stood up is refused, and with it nothing is made again', async () => {
  await assert.rejects(created(), /organization\/millrace-foundation\/dev|MR_STACK_FOUNDATION/);

  await (await foundation()).up();
  const names = await created();
  const ground = objectsOf(dials, [retail]).filter(({ kind }) => ['Namespace', 'PriorityClass', 'LimitRange'].includes(kind));
  assert.ok(ground.length > 10);
  assert.deepEqual(
    names.filter((name) => name.startsWith('cluster/') || name.startsWith('operators/')),
    [],
  );
  assert.ok(names.length > 100, `${names.length} objects stand on it`);
});
