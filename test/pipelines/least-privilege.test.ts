import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { WorkloadDeclaration } from '../../app/workloads.ts';
import { everyWorkload } from './every-workload.ts';
import { embeddedGround, type WorkloadGround } from './ground.ts';
import { differences } from './recorded-runtime.ts';
import { orders, shop } from './tried-usecases.ts';

for (const usecase of [shop, orders]) {
  describe(`of a ${usecase.kind}`, () => {
    const { declared, seen, runAll } = everyWorkload(usecase);
    let ground: WorkloadGround;
    before(async () => {
      ground = await embeddedGround();
      await runAll(ground);
    });
    after(() => ground.end());

    for (const [name, declaration] of declared) {
      test(`${name} reads, writes and deletes what it declares, all of it and nothing else`, () => {
        const recorded = seen.get(name);
        assert.ok(recorded !== undefined, `${name} did not run`);
        assert.deepEqual(differences(declaration, recorded), []);
      });
    }

    test('a topic, table or view taken out of any declaration is missed, and one added is found idle', () => {
      const extra = { store: 'log', topic: `${usecase.name}.other` } as const;
      for (const [name, declaration] of declared) {
        const recorded = seen.get(name) ?? assert.fail(name);
        for (const kind of ['reads', 'writes', 'deletes'] as const) {
          const accesses = declaration[kind] ?? [];
          for (const [index, access] of accesses.entries()) {
            const without: WorkloadDeclaration = { ...declaration, [kind]: accesses.toSpliced(index, 1) };
            assert.notDeepEqual(differences(without, recorded), [], `${name} ${kind} ${JSON.stringify(access)}`);
          }
          const more = [...accesses, extra];
          assert.notDeepEqual(differences({ ...declaration, [kind]: more }, recorded), [], `${name} ${kind}`);
        }
      }
    });

    test('what a consumer lags behind on is what it reads in a group', () => {
      for (const { name, consumes = [], reads } of declared.values()) {
        const followed = reads.flatMap((access) =>
          access.store === 'log' && access.group !== undefined ? [{ topic: access.topic, group: access.group }] : [],
        );
        assert.deepEqual(consumes, followed, name);
      }
    });
  });
}
