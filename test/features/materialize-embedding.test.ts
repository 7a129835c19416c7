import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddingsAt } from '../../app/features/embeddings-at.ts';
import { embeddingName, materializeEmbedding } from '../../app/features/materialize-embedding.ts';
import { embeddingTable } from '../../app/lake/event-table.ts';
import { taste as view } from '../../app/usecases/retail/features.ts';
import { openShop, START } from './shop.ts';

test('the vectors of one unit go online as they lie in the lake, and each moment of the past finds its own', async () => {
  const shop = await openShop();
  try {
    const table = embeddingTable(shop.usecase, view);
    await shop.lake.ensureTable(table);
    const rows = ['old', 'new'].flatMap((unit, u) =>
      Array.from({ length: 3000 + u }, (_, i) => ({
        user_id: `user-${i}`,
        _unit: unit,
        vector: Buffer.from([u, i % 256, 0, 255]),
        _learnt_at: START + u * 1000,
      })),
    );
    await shop.lake.commit(table.name, { operation: 'WRITE', add: [await shop.lake.stage(table.name, rows)] });
    for (const unitId of ['old', 'new', 'new']) await materializeEmbedding({ ...shop, view, unitId });
    assert.deepEqual(await Promise.all(['old', 'new'].map((unit) => shop.online.count(embeddingName(view, unit)))), [3000, 3001]);
    assert.deepEqual(await shop.online.get('user_taste@new', 'user-3000'), Buffer.from([1, 3000 % 256, 0, 255]));
    assert.equal(await materializeEmbedding({ ...shop, view, unitId: 'third', erased: async () => new Set() }), 0);
    assert.equal(await materializeEmbedding({ ...shop, view, unitId: 'old', erased: async () => new Set(['user-1']) }), 2999);

    const at = (entity: string, after: number) => ({ entity, at: START + after });
    const found = await embeddingsAt(shop.lake, {
      usecase: shop.usecase,
      view,
      spine: [at('user-5', 1000), at('user-5', -1), at('user-5', 999), at('nobody', 9)],
    });
    assert.deepEqual(
      found.map((row) => row?.unitId),
      ['new', undefined, 'old', undefined],
    );
    assert.deepEqual(found[2], { vector: Buffer.from([0, 5, 0, 255]), unitId: 'old', learntAt: START });
  } finally {
    await shop.close();
    await shop.remove();
  }
});
