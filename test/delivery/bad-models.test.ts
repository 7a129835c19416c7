import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY } from '../../app/clock/port.ts';
import type { GateOptions } from '../../app/delivery/gate.ts';
import type { JudgedData } from '../../app/delivery/judged-data.ts';
import type { Version } from '../../app/registry/version.ts';
import { interactions } from '../../app/training/interactions.ts';
import { seededRandom, shuffled } from '../../app/training/random.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';
import { type Fixture, MODEL, openFixture, signingKeys } from '../registry/fixture.ts';
import { judgedData, PARAMETERS, ship, shop, untilOf } from './fixture.ts';
import { DATA, failed, gateOf, ROWS, steps, withGate } from './judging.ts';

let fixture: Fixture;
before(async () => {
  fixture = await openFixture();
});
after(() => fixture.close());

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

const shipped = (change: Omit<Parameters<typeof ship>[1], 'data'>) => ship(fixture, { data: DATA, ...change });

async function spoiledStore(column: 'signature', version: Version): Promise<Version> {
  const forged = JSON.stringify(await signingKeys().sign(Buffer.from('something else')));
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
  {
    name: 'a model that so many answers copy',
    expected: ['extraction'],
    ship: () => shipped({}),
    change: { usecase: copiedBy(160) },
  },
];

/** The planted world is four groups of like items: one answer tells a group. */
function copiedBy(queries: number): RecommenderUseCase {
  return withGate({ adversarial: { ...shop.gate.adversarial, queries, maxCopied: 0.6 } });
}

function pushed(forgedShare: number): Pick<RecommenderUseCase['gate'], 'adversarial'> {
  return { adversarial: { ...shop.gate.adversarial, forgedShare } };
}

for (const { name, expected, ship: shipBad, data, change } of BAD)
  test(`${name}: refused by ${expected.join(', ')} and nothing else`, async () => {
    const version = await shipBad();
    const verdict = await gateOf(fixture, version, data, change);
    assert.deepEqual(failed(verdict), expected);
    assert.equal(verdict.verdict, 'refused');
    assert.equal((await fixture.registry.show(MODEL, version.version)).state, 'refused');
    assert.equal(fixture.audit.acts.at(-1)?.detail?.failed, expected.join(', '));
    await assert.rejects(fixture.registry.approve(MODEL, version.version, 'olga'), { code: 'MR_REGISTRY_NOT_GATED' });
  });

test('fewer answers do not copy it', async () => {
  assert.deepEqual(failed(await gateOf(fixture, await shipped({}), DATA, { usecase: copiedBy(4) })), []);
});

test('the pushed item would have passed with as few forged users as the use case counts on', async () => {
  const version = await shipped({ parameters: { ...PARAMETERS, popularityBlend: 100 } });
  const usecase = withGate({ ...{ floors: {}, segmentFloors: {}, beatsPopularity: undefined }, ...pushed(0.005) });
  assert.deepEqual(failed(await gateOf(fixture, version, DATA, { usecase })), []);
});
