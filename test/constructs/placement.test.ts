import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { podTemplate } from '../../constructs/cluster/pod.ts';
import { chartsOf, environmentOf } from '../../constructs/environment.ts';
import { type Manifest, site } from './site.ts';

const POOL = 'millrace.dev/pool';
type Nodes = Parameters<typeof podTemplate>[0]['nodes'];

/** Every pod that an environment makes or has its operators make: where in which object, and its spec. */
function pods(nodes: Nodes, log: 'strimzi' | 'single' = 'strimzi'): ReadonlyMap<string, Pod> {
  const providers = { log, online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'trino', nodes };
  const { dials } = site({ environment: 'dev', dials: { providers } });
  const objects = chartsOf(environmentOf(dials, [retail])).flatMap((chart) => chart.toJson() as Manifest[]);
  const found = objects.flatMap((object) => inside(object.spec, `${object.kind} ${object.metadata.name}`));
  return new Map(found);
}

interface Pod {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Readonly<Record<string, unknown>>;
}

/** A pod's spec has containers, an Argo template one; Strimzi's and CloudNativePG's say where it goes in words of their own. */
function inside(value: unknown, path: string): (readonly [string, Pod])[] {
  if (value === null || typeof value !== 'object') return [];
  const keys = Object.keys(value);
  const isPod = keys.includes('containers') || keys.includes('container') || keys.includes('affinity');
  if (isPod) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => inside(inner, `${path}.${key}`));
}

test('on nodes that others made no pod waits for a label that nobody sets', () => {
  for (const log of ['strimzi', 'single'] as const) {
    const all = pods('existing', log);
    assert.ok(all.size > 20, `${all.size} pods`);
    for (const [path, pod] of all) assert.ok(!JSON.stringify(pod).includes(POOL), path);
  }
});

test('on nodes that the stack makes every pod goes to a pool', () => {
  const all = pods('karpenter');
  for (const [path, pod] of all) assert.match(JSON.stringify(pod), new RegExp(POOL), path);
});

const one = { name: 'one', layer: 'training', owner: 'shop-ml', image: 'one@sha256:1', priority: 'training' } as const;

test('whoever makes the nodes, only what asks for a GPU may go where the GPUs are', () => {
  for (const nodes of ['existing', 'karpenter', 'managed'] as const) {
    const { spec } = podTemplate({ ...one, nodes, resources: { cpu: '1', memory: '1Gi', gpus: 1 } }) as Manifest;
    assert.deepEqual(spec.tolerations, [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
    assert.equal(spec.containers[0].resources.limits['nvidia.com/gpu'], '1');
    assert.deepEqual(spec.nodeSelector, nodes === 'existing' ? undefined : { [POOL]: 'gpu' });
    const plain = podTemplate({ ...one, nodes, resources: { cpu: '1', memory: '1Gi' } }) as Manifest;
    assert.equal(plain.spec.tolerations, undefined);
  }
});
