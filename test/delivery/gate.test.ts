import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY } from '../../app/clock/port.ts';
import { readEvidence, verdictHolds } from '../../app/delivery/evidence.ts';
import type { Version } from '../../app/registry/version.ts';
import { type Fixture, MODEL, openFixture, signingKeys } from '../registry/fixture.ts';
import { judgedData, PARAMETERS, plantedRows, ship, untilOf } from './fixture.ts';
import { DATA, failed, gateOf, ROWS, withGate } from './judging.ts';

let fixture: Fixture;
before(async () => {
  fixture = await openFixture();
});
after(() => fixture.close());

async function promoteNew(shipment: Parameters<typeof ship>[1]): Promise<Version> {
  const version = await ship(fixture, shipment);
  const verdict = await gateOf(fixture, version, shipment.data);
  assert.deepEqual(failed(verdict), []);
  await fixture.registry.approve(MODEL, version.version, 'olga');
  return fixture.registry.promote(MODEL, version.version, 'olga', 'test');
}

test('the first honest model passes, with nothing to compare it with, and the evidence says so', async () => {
  const version = await ship(fixture, { data: DATA });
  const verdict = await gateOf(fixture, version);
  assert.deepEqual(failed(verdict), []);
  assert.equal(verdict.verdict, 'passed');
  assert.equal(verdict.champion, null);
  assert.match(verdict.checks.find(({ name }) => name === 'notWorse')?.reason ?? '', /no champion yet/);
  assert.deepEqual(verdict.notJudged, []);
  assert.deepEqual(verdict.judgedOn?.users, DATA.moments.length);
  assert.equal((await fixture.registry.show(MODEL, version.version)).state, 'gated');
  const act = fixture.audit.acts.at(-1);
  assert.deepEqual([act?.action, act?.outcome, act?.detail?.verdict], ['delivery.gate.verdict', 'allowed', 'passed']);
});

test('a stored verdict holds, and one changed afterwards does not', async () => {
  const [stored] = await fixture.registry.verdicts(MODEL);
  assert.ok(stored);
  assert.ok(await verdictHolds(stored, fixture.keys));
  assert.equal(
    readEvidence(stored).checks.every(({ passed }) => passed),
    true,
  );
  const changed = { ...stored, evidence: stored.evidence.replace('"passed":true', '"passed":false') };
  assert.equal(await verdictHolds(changed, fixture.keys), false);
  assert.equal(await verdictHolds(stored, signingKeys()), false);
});

test('a segment of few users is reported and not judged', async () => {
  const version = await ship(fixture, { data: DATA });
  const usecase = withGate({ segmentFloors: { new: 0.99 } });
  const verdict = await gateOf(fixture, version, DATA, { usecase });
  assert.deepEqual(failed(verdict), []);
  assert.match(verdict.checks.find(({ name }) => name === 'segment.new')?.reason ?? '', /too few to judge/);
});

test('beside a champion: an honest retrain passes, a worse one is refused by the comparison, older data by its age', async () => {
  const champion = await promoteNew({ data: DATA });
  const rows = [...ROWS, ...plantedRows(8).map((row) => ({ ...row, at: row.at + 2 * DAY }))];
  const newer = judgedData(rows.filter(({ at }) => at < untilOf(DATA) + DAY));
  const honest = await ship(fixture, { data: newer });
  const good = await gateOf(fixture, honest, newer);
  assert.deepEqual(failed(good), []);
  // The champion has learnt from part of the judged days, so its parameters were trained again before them.
  assert.deepEqual(good.champion, { version: champion.version, unitId: champion.unitId, as: 'retrained' });
  const worse = await ship(fixture, { data: newer, parameters: { ...PARAMETERS, iterations: 1, regularization: 50 } });
  const usecase = withGate({ floors: {}, segmentFloors: {}, beatsPopularity: undefined });
  assert.deepEqual(failed(await gateOf(fixture, worse, newer, { usecase })), ['notWorse']);
  const older = judgedData(ROWS.filter(({ at }) => at < untilOf(DATA) - DAY));
  const late = await ship(fixture, { data: older });
  assert.deepEqual(failed(await gateOf(fixture, late, older)), ['staleness']);
});

test('a version of another use case and an unknown one are refused by name, and that is recorded', async () => {
  const other = await ship(fixture, { data: DATA, manifest: { usecase: 'fraud' } });
  await assert.rejects(gateOf(fixture, other), { code: 'MR_DELIVERY_OTHER_MODEL', value: 'fraud' });
  assert.deepEqual([fixture.audit.acts.at(-1)?.action, fixture.audit.acts.at(-1)?.outcome], ['delivery.gate.verdict', 'refused']);
  await assert.rejects(gateOf(fixture, { ...other, version: 999 }), { code: 'MR_REGISTRY_VERSION_UNKNOWN' });
  const nobody = { ...DATA, moments: [] };
  await assert.rejects(gateOf(fixture, await ship(fixture, { data: DATA }), nobody), { code: 'MR_DELIVERY_NOTHING_TO_JUDGE' });
});

test('a retired version is not judged', async () => {
  const version = await ship(fixture, { data: DATA });
  await fixture.registry.retire(MODEL, version.version, 'olga', 'bad data');
  await assert.rejects(gateOf(fixture, version), { code: 'MR_REGISTRY_RETIRED' });
});

test('a candidate is not compared with a champion that was revoked', async () => {
  const champion = await fixture.registry.alias(MODEL, 'champion');
  assert.ok(champion !== undefined && champion.state === 'approved');
  await fixture.registry.revoke(MODEL, champion.version, 'olga', 'poisoned data');
  assert.equal((await fixture.registry.alias(MODEL, 'champion'))?.state, 'revoked');
  const verdict = await gateOf(fixture, await ship(fixture, { data: DATA }));
  assert.deepEqual(failed(verdict), []);
  assert.equal(verdict.champion, null);
});
