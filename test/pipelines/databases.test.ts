import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { databaseSteps } from '../../pipelines/loop/databases.ts';

test('a turn on a laptop says which database it leaves out, and what stays empty for that', async () => {
  const tables = [{ from: 'public.product', into: 'product' }];
  const [step] = databaseSteps({
    sources: [...retail.sources, { kind: 'database', engine: 'postgres', name: 'orders-db', tables }],
  });
  assert.match((await step?.run(() => undefined)) ?? '', /^orders-db is followed on a cluster only .* into product here$/);
  assert.deepEqual(databaseSteps(retail), []);
});
