import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOnline } from '../../app/features/serve-features.ts';
import { decodeVector } from '../../app/features/vector.ts';
import { openBytes } from '../../app/governance/seal.ts';
import { embeddingUnit } from '../../app/registry/release.ts';
import type { Version } from '../../app/registry/version.ts';
import { openRecommender } from '../../app/training/recommender.ts';
import { activity } from '../../app/usecases/retail/features.ts';
import { type Fixture, openFixture, USERS } from './fixture.ts';

const SWAPS = 12;
const REQUESTS = 2_400;

/** The list of each user by each release, computed beside the server. */
async function expectedLists(fixture: Fixture, versions: readonly Version[], k: number): Promise<ReadonlyMap<string, string>> {
  const lists = new Map<string, string>();
  for (const { unitId, manifest } of versions) {
    const { files } = await fixture.registry.loadUnit(unitId);
    const recommender = await openRecommender({ onnx: files['model.onnx'], modelJson: files['model.json'] });
    const vectors = await fixture.lake.query<{ user_id: string; vector: Buffer }>(
      'select user_id, vector from retail.user_taste where _unit = $unit',
      { params: { unit: embeddingUnit(manifest) } },
    );
    const byUser = new Map(vectors.map(({ user_id, vector }) => [user_id, vector]));
    for (const user of USERS) {
      const { pseudonym } = await fixture.keys.subject(user);
      const row = await readOnline({ online: fixture.online, view: activity, entity: pseudonym, t: fixture.clock.time });
      const inputs = new Map(Object.entries(row?.values ?? {}).map(([name, value]) => [`user_activity.${name}`, value]));
      const sealed = byUser.get(pseudonym);
      const plain = sealed === undefined ? undefined : await openBytes(pseudonym, sealed, fixture.keys);
      assert.ok(plain !== undefined);
      inputs.set('user_taste.taste', decodeVector(plain));
      lists.set(`${unitId}/${user}`, (await recommender.recommend(inputs, k)).items.join());
    }
    await recommender.close();
  }
  return lists;
}

test(`${REQUESTS} requests over ${SWAPS} swaps: none lost, none mixed, each logged once`, async () => {
  const fixture = await openFixture();
  try {
    for (const [index, user] of USERS.entries()) await fixture.click(user, [`item-${10 + index}`]);
    const versions = [await fixture.release(1), await fixture.release(2), await fixture.release(3), await fixture.release(4)];
    const expected = await expectedLists(fixture, versions, 10);
    assert.equal(new Set(expected.values()).size, expected.size, 'every unit answers every user differently');
    for (const version of versions) await fixture.promote(version);
    const serving = await fixture.start({ pollMs: 1 });
    assert.equal(serving.unit()?.version, 4);

    let swaps = 0;
    let swapping = true;
    const units = new Map<string, number>();
    const ids: string[] = [];
    const client = async (offset: number) => {
      for (let n = 0; n < REQUESTS / 8 || swapping; n += 1) {
        const user = USERS[(n * 8 + offset) % USERS.length] ?? '';
        const { status, json } = await fixture.call(serving, '/v1/recommend', { user, k: 10 });
        assert.equal(status, 200);
        assert.equal(json['fallback'], null);
        assert.equal(json.items.join(), expected.get(`${json['unitId']}/${user}`), `request of ${user} by ${json['unitId']}`);
        units.set(String(json['unitId']), (units.get(String(json['unitId'])) ?? 0) + 1);
        ids.push(String(json['requestId']));
      }
    };
    const swapper = async () => {
      for (; swaps < SWAPS; swaps += 1) {
        // Two steps back and forth, so that both a fresh load and the unit kept warm are met.
        const version = versions[swaps % 3 === 2 ? (swaps - 2) % 4 : swaps % 4];
        assert.ok(version !== undefined);
        await fixture.registry.promote(fixture.usecase.model.name, version.version, 'test', `swap ${swaps}`);
        for (let waited = 0; serving.unit()?.unitId !== version.unitId && waited < 2_000; waited += 1) await serving.looked();
        assert.equal(serving.unit()?.unitId, version.unitId);
      }
      swapping = false;
    };
    await Promise.all([swapper(), ...Array.from({ length: 8 }, (_, offset) => client(offset))]);
    await serving.close();

    assert.ok(ids.length >= REQUESTS);
    assert.equal(units.size, versions.length, 'every release answered some');
    const logged = (await fixture.predictions()).map(({ request_id }) => request_id);
    assert.deepEqual(logged.sort(), ids.sort());
  } finally {
    await fixture.close();
  }
});
