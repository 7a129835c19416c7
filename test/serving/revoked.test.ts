import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import type { Version } from '../../app/registry/version.ts';
import type { Serving } from '../../app/serving/server.ts';
import { type Fixture, openFixture } from './fixture.ts';

async function open(t: TestContext): Promise<Fixture> {
  const fixture = await openFixture();
  t.after(() => fixture.close());
  await fixture.click('user-1', ['item-03']);
  await fixture.sink();
  return fixture;
}

/** Two looks at the registry, so that one of them began after what was done before. */
async function lookedAgain(serving: Serving): Promise<void> {
  await serving.looked();
  await serving.looked();
}

const revoke = (fixture: Fixture, { version }: Version) =>
  fixture.registry.revoke(fixture.usecase.model.name, version, 'olga', 'poisoned data');

const ask = async (fixture: Fixture, serving: Serving) => {
  const { status, json } = await fixture.call(serving, '/v1/recommend', { user: 'user-1' });
  return [status, json['unitId'], json['fallback'], json['reason']];
};

const inferBy = async (fixture: Fixture, serving: Serving, { version }: Version) => {
  const body = { inputs: [{ name: 'user', shape: [1], datatype: 'BYTES', data: ['user-1'] }] };
  const path = `/v2/models/${fixture.usecase.model.name}/versions/${version}/infer`;
  return (await fixture.call(serving, path, body, 'infer')).status;
};

const withdrawn = async (fixture: Fixture) =>
  (await fixture.audit.read())
    .filter(({ action }) => action === 'serving.unit.withdraw')
    .map(({ subject, detail }) => [subject, detail?.['answered'], detail?.['now']]);

const swaps = async (serving: Serving) =>
  /millrace_serving_swaps_total\{outcome="withdrawn"\} (\d+)/.exec(await serving.metrics.metrics())?.[1];

test('a champion that is revoked gives way to the one before it, and no request gets it any more', async (t) => {
  const fixture = await open(t);
  const [first, second] = [await fixture.release(1), await fixture.release(2)];
  await fixture.promote(first);
  const serving = await fixture.start();
  await fixture.promote(second);
  await lookedAgain(serving);
  assert.deepEqual(await ask(fixture, serving), [200, second.unitId, null, null]);
  await revoke(fixture, second);
  await lookedAgain(serving);
  assert.deepEqual(await ask(fixture, serving), [200, first.unitId, null, null]);
  // It was kept warm for a rollback, and can be asked by its number no longer.
  assert.equal(await inferBy(fixture, serving, second), 404);
  assert.equal(await inferBy(fixture, serving, first), 200);
  assert.deepEqual(await withdrawn(fixture), [[second.unitId, false, first.unitId]]);
  assert.equal(await swaps(serving), '1');
});

test('one whose files are no longer whole does not come back for it', async (t) => {
  const fixture = await open(t);
  const [first, second] = [await fixture.release(1), await fixture.release(2)];
  await fixture.promote(first);
  await fixture.promote(second);
  const serving = await fixture.start();
  await writeFile(fixture.objects.location(`${first.manifest.prefix}model.onnx`), 'something else');
  await revoke(fixture, second);
  await lookedAgain(serving);
  assert.deepEqual(await ask(fixture, serving), [200, null, 'popular', 'no-model']);
});

test('where none came before it, the declared fallback answers, until another is promoted', async (t) => {
  const fixture = await open(t);
  const only = await fixture.release(1);
  await fixture.promote(only);
  const serving = await fixture.start();
  assert.deepEqual(await ask(fixture, serving), [200, only.unitId, null, null]);
  await revoke(fixture, only);
  await lookedAgain(serving);
  assert.deepEqual(await ask(fixture, serving), [200, null, 'popular', 'no-model']);
  assert.equal(serving.unit(), undefined);
  assert.equal((await fetch(`${serving.url}/readyz`)).status, 200);
  assert.deepEqual(await withdrawn(fixture), [[only.unitId, true, null]]);
  assert.equal(await swaps(serving), '1');
  assert.doesNotMatch(await serving.metrics.metrics(), /millrace_serving_unit_info\{/);
  const revocation = (await fixture.audit.read()).find(({ action }) => action === 'registry.version.revoke');
  assert.deepEqual([revocation?.outcome, revocation?.detail?.['champion']], ['allowed', null]);

  const next = await fixture.release(2);
  await fixture.promote(next);
  await lookedAgain(serving);
  assert.deepEqual(await ask(fixture, serving), [200, next.unitId, null, null]);
});

test('a server that starts on a revoked champion answers by the fallback, and is ready', async (t) => {
  const fixture = await open(t);
  const only = await fixture.release(1);
  await fixture.promote(only);
  await revoke(fixture, only);
  const serving = await fixture.start();
  assert.deepEqual(await ask(fixture, serving), [200, null, 'popular', 'no-model']);
  assert.equal((await fetch(`${serving.url}/readyz`)).status, 200);
});

test('a unit kept warm that is retired is let go of, and the champion goes on', async (t) => {
  const fixture = await open(t);
  const [first, second] = [await fixture.release(1), await fixture.release(2)];
  await fixture.promote(first);
  const serving = await fixture.start();
  await fixture.promote(second);
  await lookedAgain(serving);
  assert.equal(await inferBy(fixture, serving, first), 200);
  await fixture.registry.retire(fixture.usecase.model.name, first.version, 'olga', 'old');
  await lookedAgain(serving);
  assert.equal(await inferBy(fixture, serving, first), 404);
  assert.deepEqual(await ask(fixture, serving), [200, second.unitId, null, null]);
});
