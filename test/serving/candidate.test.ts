import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Registry } from '../../app/registry/registry.ts';
import { embeddingUnit } from '../../app/registry/release.ts';
import type { Version } from '../../app/registry/version.ts';
import { type Fixture, openFixture } from './fixture.ts';

/**
 * The real registry refuses to promote what it sees is broken, so the alias is moved by the test: serving must hold even
 * where the files break after the promotion.
 */
function aliasTo(fixture: Fixture, champion: () => Version | undefined): Pick<Registry, 'alias' | 'byUnit' | 'loadUnit'> {
  return { ...fixture.registry, alias: async () => champion() };
}

async function refusals(fixture: Fixture): Promise<readonly [string, unknown][]> {
  const records = await fixture.audit.read();
  return records
    .filter(({ action }) => action === 'serving.unit.refuse')
    .map(({ subject, detail }) => [subject, detail?.['code']]);
}

test('no broken candidate replaces a good release, each is audited once, and serving goes on', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    const good = await fixture.release(1);
    const junk = await fixture.release(2, { files: { 'model.onnx': Buffer.from('this is no graph') } });
    const wrongJson = await fixture.release(3, { files: { 'model.json': Buffer.from('{}') } });
    const otherViews = await fixture.release(4, {
      change: { featureViews: { user_activity: 'e'.repeat(64), user_taste: 'f'.repeat(64) } },
    });
    const otherSchema = await fixture.release(5, { change: { schemaHash: 'e'.repeat(64) } });
    const corrupt = await fixture.release(6);
    const changed = await fixture.objects.get(`${corrupt.manifest.prefix}model.onnx`);
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    await writeFile(fixture.objects.location(`${corrupt.manifest.prefix}model.onnx`), changed);

    let champion: Version = good;
    const serving = await fixture.start({ registry: aliasTo(fixture, () => champion) });
    const healthy = async () => {
      const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1', k: 3 });
      assert.deepEqual([json['unitId'], json['fallback']], [good.unitId, null]);
      assert.equal((await fetch(`${serving.url}/readyz`)).status, 200);
    };
    await healthy();
    const bad: readonly [Version, string][] = [
      [junk, 'MR_SERVING_UNIT_BROKEN'],
      [wrongJson, 'MR_SERVING_UNIT_BROKEN'],
      [otherViews, 'MR_SERVING_UNIT_UNFIT'],
      [otherSchema, 'MR_SERVING_UNIT_UNFIT'],
      [corrupt, 'MR_REGISTRY_DIGEST_MISMATCH'],
    ];
    for (const [version] of bad) {
      champion = version;
      for (let looks = 0; looks < 4; looks += 1) await serving.looked();
      await healthy();
    }
    assert.deepEqual(
      await refusals(fixture),
      bad.map(([{ unitId }, code]) => [unitId, code]),
    );

    champion = await fixture.release(7);
    await serving.looked();
    await serving.looked();
    assert.equal(serving.unit()?.unitId, champion.unitId, 'a good release is still taken');
  } finally {
    await fixture.close();
  }
});

test('a registry that cannot be read changes nothing', async () => {
  const fixture = await openFixture();
  try {
    const good = await fixture.release(1);
    let down = false;
    const registry: Pick<Registry, 'alias' | 'byUnit' | 'loadUnit'> = {
      ...fixture.registry,
      alias: async () => {
        if (down) throw new Error('the database is locked');
        return good;
      },
    };
    const serving = await fixture.start({ registry });
    down = true;
    await serving.looked();
    await serving.looked();
    assert.equal((await fixture.call(serving, '/v1/recommend', { user: 'user-1' })).json['unitId'], good.unitId);
  } finally {
    await fixture.close();
  }
});

test('a rollback returns to the unit kept warm, and its vectors were never dropped', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    const versions = [await fixture.release(1), await fixture.release(2), await fixture.release(3)];
    const [first, second, third] = versions;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const serving = await fixture.start();
    const follow = async (version: Version) => {
      while (serving.unit()?.unitId !== version.unitId) await serving.looked();
      await serving.looked();
    };
    for (const version of versions) {
      await fixture.promote(version);
      await follow(version);
    }
    assert.equal(
      await fixture.online.count(`user_taste@${embeddingUnit(first.manifest)}`),
      0,
      'the vectors of the unit two places back are gone',
    );
    await fixture.registry.rollback(fixture.usecase.model.name, 'test', 'a test');
    await follow(second);
    const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1' });
    assert.deepEqual([json['unitId'], json['fallback']], [second.unitId, null]);
    const outcomes = (await fixture.audit.read())
      .filter(({ action }) => action === 'serving.unit.load')
      .map(({ detail }) => detail?.['outcome']);
    assert.deepEqual(outcomes, ['loaded', 'loaded', 'loaded', 'returned']);
  } finally {
    await fixture.close();
  }
});

test('a request that outlives its unit does not take the vectors of the same unit, loaded again', async () => {
  const fixture = await openFixture({ storeTimeoutMs: 60_000 });
  try {
    await fixture.click('user-1', ['item-03']);
    const [a, b, c] = [await fixture.release(1), await fixture.release(2), await fixture.release(3)];
    let champion = a;
    let letGo = (): void => undefined;
    let entered = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    let first = true;
    const online = Object.assign(Object.create(fixture.online) as typeof fixture.online, {
      async get(view: string, entity: string) {
        if (first) {
          first = false;
          entered();
          await gate;
        }
        return fixture.online.get(view, entity);
      },
    });
    const serving = await fixture.start({ online, registry: aliasTo(fixture, () => champion) });
    const slow = fixture.call(serving, '/v1/recommend', { user: 'user-1' });
    await inside;
    for (champion of [b, c, a]) while (serving.unit()?.unitId !== champion.unitId) await serving.looked();
    letGo();
    assert.deepEqual([(await slow).json['unitId'], (await slow).json['fallback']], [a.unitId, null]);
    for (let looks = 0; looks < 3; looks += 1) await serving.looked();
    assert.ok((await fixture.online.count(`user_taste@${embeddingUnit(a.manifest)}`)) > 0);
    assert.equal((await fixture.call(serving, '/v1/recommend', { user: 'user-5' })).json['fallback'], null);
  } finally {
    await fixture.close();
  }
});

test('releases of the same contents share their vectors, and closing one keeps the other whole', async () => {
  const fixture = await openFixture();
  try {
    await fixture.click('user-1', ['item-03']);
    const first = await fixture.release(1);
    const other = await fixture.release(2);
    const twin = await fixture.release(1, { users: [], change: { codeCommit: 'e'.repeat(40) } });
    assert.notEqual(first.unitId, twin.unitId);
    assert.equal(embeddingUnit(first.manifest), embeddingUnit(twin.manifest));
    let champion = first;
    const serving = await fixture.start({ registry: aliasTo(fixture, () => champion) });
    for (champion of [other, twin]) while (serving.unit()?.unitId !== champion.unitId) await serving.looked();
    for (let looks = 0; looks < 3; looks += 1) await serving.looked();
    const { json } = await fixture.call(serving, '/v1/recommend', { user: 'user-5' });
    assert.deepEqual([json['unitId'], json['fallback']], [twin.unitId, null]);
  } finally {
    await fixture.close();
  }
});
