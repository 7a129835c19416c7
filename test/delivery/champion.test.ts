import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeChampion } from '../../app/delivery/champion.ts';
import { encodeVector } from '../../app/features/vector.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import type { Lake, LakeChunk } from '../../app/lake/port.ts';
import { embeddingUnit } from '../../app/registry/release.ts';
import { fit, parametersOf } from '../../app/training/fit.ts';
import { openFixture } from '../registry/fixture.ts';
import { judgedData, PARAMETERS, plantedRows, ship, shop } from './fixture.ts';

const rows = plantedRows();
const data = judgedData(rows);
const past = judgedData(rows.filter(({ at }) => at < data.fold.origin));

/** Keys that seal nothing; `erased` people cannot be opened. */
const openKeys = (erased: ReadonlySet<string>) => {
  const bytes = (pseudonym: string) => ({ pseudonym, encrypt: (b: Buffer) => b, decrypt: (b: Buffer) => b });
  const byPseudonym = async (pseudonym: string) => (erased.has(pseudonym) ? undefined : bytes(pseudonym));
  return { byPseudonym, recall: async () => undefined } as unknown as KeyStore;
};

/** A lake that holds the vectors of one unit. */
function vectorLake(unit: string, vectors: ReadonlyMap<string, Float32Array>): Lake & { asked: string[] } {
  const asked: string[] = [];
  const lake: Pick<Lake, 'stream'> = {
    async *stream(_sql, options): AsyncIterable<LakeChunk> {
      asked.push(String(options?.params?.unit));
      if (options?.params?.unit !== unit) return;
      const vector = [...vectors.values()].map(encodeVector);
      yield { rows: vectors.size, columns: { entity: [...vectors.keys()], vector } };
    },
  };
  return { ...lake, asked } as unknown as Lake & { asked: string[] };
}

test('a champion that knows nothing of the judged days is judged as it is served, with its own vectors', async () => {
  const fixture = await openFixture();
  const { registry } = fixture;
  const version = await ship(fixture, { data: past });
  const { roles, embedding, fold } = data;
  const fitBefore = (parameters: typeof PARAMETERS) =>
    fit({ events: data.events, before: fold.origin, parameters, roles, minSupport: embedding.minSupport, seed: shop.model.seed });
  const same = fitBefore(parametersOf(PARAMETERS));
  const known = data.moments.flatMap(({ entity }) => {
    const vector = same.tastes.of(entity);
    return vector === null ? [] : [[entity, vector] as const];
  });
  const lake = vectorLake(embeddingUnit(version.manifest), new Map(known));
  const never = () => assert.fail('it was trained again');
  const judged = await judgeChampion({ usecase: shop, registry, lake, keys: openKeys(new Set()) }, version, data, never);
  assert.equal(judged.note.as, 'served');
  assert.deepEqual(lake.asked, [embeddingUnit(version.manifest)]);
  const retrained = {
    ...version,
    manifest: { ...version.manifest, dataset: { ...version.manifest.dataset, until: fold.origin + 1 } },
  };
  const again = await judgeChampion({ usecase: shop, registry, lake, keys: openKeys(new Set()) }, retrained, data, fitBefore);
  assert.equal(again.note.as, 'retrained');
  // The same parameters learnt from the same events: the same lists, whichever way.
  const [served, fresh] = [judged.metrics.ndcgAt20, again.metrics.ndcgAt20].map((values) =>
    values.reduce((sum, value) => sum + value, 0),
  );
  assert.ok(Math.abs((served as number) - (fresh as number)) < 1e-3 * (fresh as number), `${served} and ${fresh}`);

  // Without the vectors of those erased, their lists come from recent items alone.
  const erased = new Set(known.map(([entity]) => entity));
  const blind = await judgeChampion({ usecase: shop, registry, lake, keys: openKeys(erased) }, version, data, never);
  assert.notDeepEqual(blind.metrics.lists, judged.metrics.lists);
  await fixture.close();
});

test('a champion whose files are broken does not keep its successor out', async () => {
  const fixture = await openFixture();
  const { registry, objects } = fixture;
  const version = await ship(fixture, { data: past });
  await objects.put(`${version.manifest.prefix}model.onnx`, Buffer.from('broken'));
  const sources = { usecase: shop, registry, lake: vectorLake('', new Map()), keys: openKeys(new Set()) };
  const judged = await judgeChampion(sources, version, data, (parameters) =>
    fit({ ...{ events: data.events, before: data.fold.origin, parameters, roles: data.roles }, minSupport: 3, seed: 1 }),
  );
  assert.equal(judged.note.as, 'retrained');
  assert.match(judged.remark ?? '', /MR_REGISTRY_DIGEST_MISMATCH/);
  await fixture.close();
});
