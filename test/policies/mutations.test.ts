import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { alteredIn, without } from '../../policies/alteration.ts';
import { durationSeconds } from '../../policies/amounts.ts';
import { CLOUD_RULES } from '../../policies/cloud-rules.ts';
import { buckets } from '../../policies/cloud-samples.ts';
import { DATA_RULES } from '../../policies/data-rules.ts';
import { judgeStack } from '../../policies/judge.ts';
import { MODEL_RULES } from '../../policies/model-rules.ts';
import { model, registryWith, releasedAs, settingOf, UNIT, unit } from '../../policies/model-samples.ts';
import { isPrivate, within } from '../../policies/ranges.ts';
import type { Resource } from '../../policies/rule.ts';
import { longestGapDays } from '../../policies/schedule.ts';
import { contextFor } from './fixtures.ts';

const RULES = [...DATA_RULES, ...MODEL_RULES, ...CLOUD_RULES];
type Stack = readonly Resource[];

const broken = (resources: Stack, registry = registryWith()): readonly string[] =>
  [...new Set(judgeStack(RULES, resources, contextFor({ title: '', resources, registry })).map(({ rule }) => rule.id))].sort();

const said = (name: string, key: string, value: string | undefined) => (stack: Stack) =>
  alteredIn(stack, name, [['metadata', 'annotations', key], value]);
const set = (name: string, path: readonly (string | number)[], value: unknown) => (stack: Stack) =>
  alteredIn(stack, name, [path, value]);

/** One thing wrong, and the one rule that it breaks. None undoes another. */
const MUTATIONS: readonly (readonly [string, (stack: Stack) => Stack])[] = [
  ['D01', said('retail.prediction', DATA.piiFields, '')],
  ['D02', said('retail.click', DATA.compatibility, 'NONE')],
  ['D03', set('retail.click', ['spec', 'replicas'], 1)],
  ['D04', set('retail.click', ['spec', 'config', 'retention.ms'], '-1')],
  ['D05', said('retail.click', DATA.deadLetter, 'retail.other.dead')],
  ['D06', set('lake-versioning', ['versioningConfiguration', 'status'], 'Suspended')],
  ['D07', said('sink', DATA.writes, 'lake:retail.click')],
  ['D09', said('materializer', DATA.featureViews, `user_activity=${'0'.repeat(64)}`)],
  ['D12', set('retail-sink', ['spec', 'authentication'], undefined)],
  ['D13', said('collector', DATA.rateCaps, 'user=1')],
  ['M01', (stack) => settingOf(stack, 'retrain', MODEL_ENVIRONMENT.dataSnapshot, 'latest')],
  ['M02', (stack) => settingOf(stack, 'serving', MODEL_ENVIRONMENT.verifyKey, 'https://example.org/key')],
  ['M05', said('serving', MODEL.modelFormats, 'pickle')],
  ['M06', set('retrain-network', ['spec', 'egress', 3], { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] })],
  ['M07', said('gate', DATA.writes, 'log:retail.click')],
  ['M08', (stack) => without(stack, 'monitor')],
  ['M09', said('serving', MODEL.maxAgeDays, '0')],
  ['M10', said('serving', MODEL.keepChampions, '1')],
  ['M11', set('attacks', ['spec', 'suspend'], true)],
  ['M12', said('retrain', MODEL.minSupport, 'user_taste=1')],
  ['C05', set('audit-lock', ['rule', 'defaultRetention', 'mode'], 'GOVERNANCE')],
  ['C06', set('lake', ['forceDestroy'], true)],
];

const whole: Stack = [...model, ...buckets];

test('any faults together are found, each by its own rule, and nothing else is', () => {
  assert.deepEqual(broken(whole), []);
  fc.assert(
    fc.property(fc.shuffledSubarray([...MUTATIONS]), (mutations) => {
      const stack = mutations.reduce((of, [, mutate]) => mutate(of), whole);
      assert.deepEqual(broken(stack), mutations.map(([id]) => id).sort());
    }),
    { numRuns: 60 },
  );
});

test('a stack is judged alike in whatever order its resources come', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...whole], { minLength: whole.length }),
      fc.constantFrom(...MUTATIONS),
      (stack, [id, mutate]) => {
        assert.deepEqual(broken(stack), []);
        assert.deepEqual(broken(mutate(stack)), [id]);
      },
    ),
    { numRuns: 30 },
  );
});

test('whatever is not known of a unit keeps it from serving', () => {
  const flip = fc.constantFrom(
    { signed: false },
    { whole: false },
    { revoked: true },
    { state: 'retired' as const },
    { state: 'gated' as const },
    { gate: null },
    { approvals: [] },
    { imageDigest: 'none' },
    { imageDigest: `sha256:${'1'.repeat(64)}` },
    { usecase: 'fraud' },
  );
  assert.deepEqual(broken(releasedAs(UNIT)), []);
  fc.assert(
    fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), (changes) => {
      const found = broken(releasedAs(UNIT), registryWith(Object.assign({}, unit, ...changes)));
      assert.ok(found.includes('M02'), found.join());
    }),
  );
});

test('a topic may keep its events up to the declared retention and no longer', () => {
  const limit = (durationSeconds('400d') ?? 0) * 1_000;
  fc.assert(
    fc.property(fc.integer({ min: -limit, max: 2 * limit }), (milliseconds) => {
      const stack = set('retail.click', ['spec', 'config', 'retention.ms'], milliseconds)(whole);
      assert.deepEqual(broken(stack), milliseconds > 0 && milliseconds <= limit ? [] : ['D04']);
    }),
    { numRuns: 60 },
  );
});

test('a range lies within another exactly where its first and last address do', () => {
  const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const ends = (cidr: string): readonly [number, number] => {
    const [address = '', prefix] = cidr.split('/');
    const size = 2 ** (32 - Number(prefix));
    const first = Math.floor(number(address) / size) * size;
    return [first, first + size - 1];
  };
  const part = fc.integer({ min: 0, max: 255 });
  const range = fc
    .tuple(
      fc.constantFrom(10, 11, 172, 192, 100),
      fc.constantFrom(0, 16, 31, 32, 168),
      part,
      part,
      fc.integer({ min: 4, max: 32 }),
    )
    .map(([a, b, c, d, prefix]) => `${a}.${b}.${c}.${d}/${prefix}`);
  fc.assert(
    fc.property(range, range, (inner, outer) => {
      const [[first, last], [from, to]] = [ends(inner), ends(outer)];
      assert.equal(within(inner, outer), from <= first && last <= to, `${inner} in ${outer}`);
    }),
    { numRuns: 500 },
  );
  assert.deepEqual(['10.1.0.0/16', '172.32.0.0/16', '0.0.0.0/0', '::/0', 'x'].map(isPrivate), [true, false, false, false, false]);
});

test('the longest pause between two runs is the one that a calendar shows', () => {
  const known: readonly (readonly [string, number | undefined])[] = [
    ['0 3 * * *', 1],
    ['*/5 * * * *', 1],
    ['0 3 */2 * *', 2],
    ['0 3 * * 1', 7],
    ['0 3 * * 1,4', 4],
    ['0 3 * * 1-5', 3],
    ['0 3 1 * *', 31],
    ['0 3 31 * *', 61],
    ['0 3 1,15 * 1', 7],
    ['0 3 1 1 *', 366],
    ['@weekly', 7],
    ['0 3 30 2 *', Number.POSITIVE_INFINITY],
    ['0 3 * *', undefined],
    ['61 3 * * *', undefined],
    ['at night', undefined],
  ];
  assert.deepEqual(
    known.map(([cron]) => longestGapDays(cron)),
    known.map(([, days]) => days),
  );
});
