import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { DAY, HOUR } from '../../app/clock/port.ts';
import { readEvidence, type Verdict, verdictHolds } from '../../app/delivery/evidence.ts';
import { type GateOptions, runGate } from '../../app/delivery/gate.ts';
import type { JudgedData } from '../../app/delivery/judged-data.ts';
import type { Lake } from '../../app/lake/port.ts';
import type { Version } from '../../app/registry/version.ts';
import { interactions } from '../../app/training/interactions.ts';
import { seededRandom, shuffled } from '../../app/training/random.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { type Fixture, MODEL, openFixture, signingKeys } from '../registry/fixture.ts';
import { judgedData, PARAMETERS, plantedRows, ship, shop, untilOf } from './fixture.ts';

const ROWS = plantedRows();
const DATA = judgedData(ROWS);

let fixture: Fixture;
before(async () => {
  fixture = await openFixture();
});
after(() => fixture.close());

function gate(version: Version, data: JudgedData = DATA, change: Partial<GateOptions> = {}): Promise<Verdict> {
  fixture.clock.time = untilOf(data) + HOUR;
  const { registry, objects, keys, audit, clock } = fixture;
  return runGate({
    ...{ usecase: shop, registry, objects, keys, audit, clock },
    lake: undefined as unknown as Lake,
    version: version.version,
    logger: pino({ level: 'silent' }),
    readData: async () => data,
    // Every answer takes a millisecond, whatever else the machine does.
    timer: steps(0.5),
    ...change,
  });
}

/** A timer that moves on by so many milliseconds each time it is read. */
function steps(milliseconds: number): () => number {
  let now = 0;
  return () => {
    now += milliseconds;
    return now;
  };
}

const failed = ({ checks }: Verdict) => checks.filter(({ passed }) => !passed).map(({ name }) => name);

async function promoteNew(shipment: Parameters<typeof ship>[1]): Promise<Version> {
  const version = await ship(fixture, shipment);
  const verdict = await gate(version, shipment.data);
  assert.deepEqual(failed(verdict), []);
  await fixture.registry.approve(MODEL, version.version, 'olga');
  return fixture.registry.promote(MODEL, version.version, 'olga', 'test');
}

test('the first honest model passes, with nothing to compare it with, and the evidence says so', async () => {
  const version = await ship(fixture, { data: DATA });
  const verdict = await gate(version);
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
  assert.ok(verdictHolds(stored, fixture.keys));
  assert.equal(
    readEvidence(stored).checks.every(({ passed }) => passed),
    true,
  );
  const changed = { ...stored, evidence: stored.evidence.replace('"passed":true', '"passed":false') };
  assert.equal(verdictHolds(changed, fixture.keys), false);
  assert.equal(verdictHolds(stored, signingKeys()), false);
});

/** A model whose training set had its items shuffled among the events. */
function shuffledItems() {
  const items = shuffled(
    ROWS.map(({ item }) => item),
    seededRandom(3),
  );
  return ROWS.map((row, index) => ({ ...row, item: items[index] as string }));
}

/** A world where users of more than 20 events take anything, whatever their group likes. */
function erraticHeavyUsers() {
  const random = seededRandom(5);
  const long = new Set(ROWS.filter(({ user }) => Number(user.slice(1)) < 100).map(({ user }) => user));
  const erratic = ROWS.map((row) => (long.has(row.user) ? { ...row, item: `i${Math.floor(random() * 160)}` } : row));
  // The others stay below the segment's bound.
  const seen = new Map<string, number>();
  return erratic.filter(({ user }) => {
    seen.set(user, (seen.get(user) ?? 0) + 1);
    return long.has(user) || (seen.get(user) ?? 0) <= 16;
  });
}

interface BadModel {
  readonly name: string;
  readonly expected: readonly string[];
  ship(): Promise<Version>;
  readonly data?: JudgedData;
  readonly change?: Partial<GateOptions>;
}

const withGate = (gate: Partial<UseCase['gate']>): UseCase => ({ ...shop, gate: { ...shop.gate, ...gate } });
const shipped = (change: Omit<Parameters<typeof ship>[1], 'data'>) => ship(fixture, { data: DATA, ...change });

async function spoiledStore(column: 'signature', version: Version): Promise<Version> {
  const forged = JSON.stringify(signingKeys().sign(Buffer.from('something else')));
  await fixture.metadata.db
    .updateTable('versions')
    .set({ [column]: forged })
    .where('unit_id', '=', version.unitId)
    .execute();
  return version;
}

async function overwritten(file: string, version: Version, body?: Buffer): Promise<Version> {
  const key = `${version.manifest.prefix}${file}`;
  if (body === undefined) await fixture.objects.delete(key);
  else await fixture.objects.put(key, body);
  return version;
}

const erratic = judgedData(erraticHeavyUsers());

const BAD: readonly BadModel[] = [
  {
    name: 'weights learnt from shuffled labels',
    expected: ['reproduction'],
    ship: () => shipped({ learnFrom: interactions(shuffledItems()) }),
  },
  {
    name: 'a snapshot whose labels are shuffled',
    expected: ['floor.recallAt20'],
    data: judgedData(shuffledItems()),
    ship: () => ship(fixture, { data: judgedData(shuffledItems()) }),
    change: { usecase: withGate({ beatsPopularity: undefined, segmentFloors: {} }) },
  },
  {
    name: 'a weight that is NaN',
    expected: ['weights'],
    ship: () => shipped({ spoil: (model) => ({ ...model, itemFactors: model.itemFactors.with(17, Number.NaN) }) }),
  },
  {
    name: 'a weight that is infinite',
    expected: ['weights'],
    ship: () => shipped({ spoil: (model) => ({ ...model, itemFactors: model.itemFactors.with(0, Number.NEGATIVE_INFINITY) }) }),
  },
  { name: 'a wrong signature', expected: ['signature'], ship: async () => spoiledStore('signature', await shipped({})) },
  {
    name: 'a file changed after its release',
    expected: ['digest'],
    ship: async () => overwritten('model.json', await shipped({}), Buffer.from('{}')),
  },
  { name: 'a lost model', expected: ['digest'], ship: async () => overwritten('model.onnx', await shipped({})) },
  { name: 'a lost card', expected: ['card'], ship: async () => overwritten('card.md', await shipped({})) },
  { name: 'an empty card', expected: ['card'], ship: () => shipped({ files: () => ({ 'card.md': Buffer.from('# \n') }) }) },
  { name: 'an old schema', expected: ['schema'], ship: () => shipped({ manifest: { schemaHash: '0'.repeat(64) } }) },
  {
    name: 'an old feature view',
    expected: ['featureViews'],
    ship: () => shipped({ manifest: { featureViews: { user_taste: '0'.repeat(64), user_activity: '0'.repeat(64) } } }),
  },
  {
    name: 'another training query',
    expected: ['dataset'],
    ship: () =>
      shipped({
        manifest: { dataset: { tables: {}, queryHash: '0'.repeat(64), until: untilOf(DATA), rows: 1, note: undefined } },
      }),
  },
  {
    name: 'a truncated model file',
    expected: ['onnx'],
    ship: () => shipped({ files: (files) => ({ 'model.onnx': files['model.onnx'].subarray(0, 500) }) }),
  },
  {
    name: 'a model file that does not load',
    expected: ['loads'],
    ship: () => shipped({ files: () => ({ 'model.json': Buffer.from('{"format":1}') }) }),
  },
  {
    name: 'a segment that collapsed',
    expected: ['segment.heavy'],
    data: erratic,
    ship: () => ship(fixture, { data: erratic }),
    change: { usecase: withGate({ floors: {} }) },
  },
  {
    name: 'nothing but popularity',
    expected: ['beatsPopularity'],
    ship: () => shipped({ parameters: { ...PARAMETERS, popularityBlend: 1e12 } }),
    change: { usecase: withGate({ floors: {}, segmentFloors: {} }) },
  },
  { name: 'a slow model', expected: ['latency'], ship: () => shipped({}), change: { timer: steps(21) } },
  {
    name: 'data of last week',
    expected: ['staleness'],
    ship: () => shipped({}),
    change: { clock: { now: () => untilOf(DATA) + 7 * DAY } },
  },
  {
    name: 'a model that forged users can push an item in',
    expected: ['adversarial'],
    ship: () => shipped({ parameters: { ...PARAMETERS, popularityBlend: 100 } }),
    change: { usecase: withGate({ ...{ floors: {}, segmentFloors: {}, beatsPopularity: undefined }, ...pushed(0.3) }) },
  },
];

function pushed(forgedShare: number): Pick<UseCase['gate'], 'adversarial'> {
  return { adversarial: { forgedShare, campaigns: 3, maxLift: 3 } };
}

for (const { name, expected, ship: shipBad, data, change } of BAD)
  test(`${name}: refused by ${expected.join(', ')} and nothing else`, async () => {
    const version = await shipBad();
    const verdict = await gate(version, data, change);
    assert.deepEqual(failed(verdict), expected);
    assert.equal(verdict.verdict, 'refused');
    assert.equal((await fixture.registry.show(MODEL, version.version)).state, 'refused');
    assert.equal(fixture.audit.acts.at(-1)?.detail?.failed, expected.join(', '));
    await assert.rejects(fixture.registry.approve(MODEL, version.version, 'olga'), { code: 'MR_REGISTRY_NOT_GATED' });
  });

test('the pushed item would have passed with as few forged users as the use case counts on', async () => {
  const version = await shipped({ parameters: { ...PARAMETERS, popularityBlend: 100 } });
  const usecase = withGate({ ...{ floors: {}, segmentFloors: {}, beatsPopularity: undefined }, ...pushed(0.005) });
  assert.deepEqual(failed(await gate(version, DATA, { usecase })), []);
});

test('a segment of few users is reported and not judged', async () => {
  const version = await shipped({});
  const usecase = withGate({ segmentFloors: { new: 0.99 } });
  const verdict = await gate(version, DATA, { usecase });
  assert.deepEqual(failed(verdict), []);
  assert.match(verdict.checks.find(({ name }) => name === 'segment.new')?.reason ?? '', /too few to judge/);
});

test('beside a champion: an honest retrain passes, a worse one is refused by the comparison, older data by its age', async () => {
  const champion = await promoteNew({ data: DATA });
  const rows = [...ROWS, ...plantedRows(8).map((row) => ({ ...row, at: row.at + 2 * DAY }))];
  const newer = judgedData(rows.filter(({ at }) => at < untilOf(DATA) + DAY));
  const honest = await ship(fixture, { data: newer });
  const good = await gate(honest, newer);
  assert.deepEqual(failed(good), []);
  // The champion has learnt from part of the judged days, so its parameters were trained again before them.
  assert.deepEqual(good.champion, { version: champion.version, unitId: champion.unitId, as: 'retrained' });
  const worse = await ship(fixture, { data: newer, parameters: { ...PARAMETERS, iterations: 1, regularization: 50 } });
  const usecase = withGate({ floors: {}, segmentFloors: {}, beatsPopularity: undefined });
  assert.deepEqual(failed(await gate(worse, newer, { usecase })), ['notWorse']);
  const older = judgedData(ROWS.filter(({ at }) => at < untilOf(DATA) - DAY));
  const late = await ship(fixture, { data: older });
  assert.deepEqual(failed(await gate(late, older)), ['staleness']);
});

test('a version of another use case and an unknown one are refused by name, and that is recorded', async () => {
  const other = await shipped({ manifest: { usecase: 'fraud' } });
  await assert.rejects(gate(other), { code: 'MR_DELIVERY_OTHER_MODEL', value: 'fraud' });
  assert.deepEqual([fixture.audit.acts.at(-1)?.action, fixture.audit.acts.at(-1)?.outcome], ['delivery.gate.run', 'refused']);
  await assert.rejects(gate({ ...other, version: 999 }), { code: 'MR_REGISTRY_VERSION_UNKNOWN' });
  const nobody = { ...DATA, moments: [] };
  await assert.rejects(gate(await shipped({}), nobody), { code: 'MR_DELIVERY_NOTHING_TO_JUDGE' });
});
