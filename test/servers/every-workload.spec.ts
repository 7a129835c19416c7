import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { everyWorkload } from '../pipelines/every-workload.ts';
import type { WorkloadGround } from '../pipelines/ground.ts';
import { differences } from '../pipelines/recorded-runtime.ts';
import { orders, shop } from '../pipelines/tried-usecases.ts';
import { clusterGround } from './cluster-ground.ts';

for (const usecase of [shop, orders])
  describe(`on the stores of a cluster, every workload of a ${usecase.kind}`, () => {
    const { declared, seen, runAll } = everyWorkload(usecase);
    let ground: WorkloadGround;
    before(async () => {
      ground = await clusterGround(usecase);
    });
    after(() => ground.end());

    test('does its work as the user that its pod is, with the settings and the rights that its pod gets', () => runAll(ground));

    for (const [name, declaration] of declared)
      test(`${name} touched there what it declares, and nothing else`, () => {
        assert.deepEqual(differences(declaration, seen.get(name) ?? assert.fail(`${name} did not run`)), []);
      });
  });
