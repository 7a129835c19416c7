import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../policies/catalogue.ts';
import { judgeStack } from '../../policies/judge.ts';
import { policiesOf } from '../../policies/pack.ts';
import { container, EXPORTER, workload } from '../../policies/samples.ts';
import { DEFAULT_SETTINGS } from '../../policies/settings.ts';
import { hasExpired, loadWaivers, parseWaivers, type Waiver } from '../../policies/waivers.ts';
import { NOW } from './fixtures.ts';

const waiver: Waiver = {
  rule: 'K03',
  resource: 'exporter',
  owner: 'team-recs',
  reason: 'the vendor ships no digest yet',
  expires: '2026-06-30',
};
const ids = RULES.map(({ id }) => id);
const context = { environment: 'prod' as const, now: NOW, config: DEFAULT_SETTINGS };
const tagged = [workload('Deployment', EXPORTER, { containers: [container({ image: 'registry.example.org/millrace/x:1' })] })];
const judged = (waivers: readonly Waiver[], now = NOW) =>
  judgeStack(RULES, tagged, { ...context, now }, waivers).map(({ level, message }) => [
    level,
    message.includes('Waived by team-recs'),
  ]);

test('a waiver turns its own rule at its own resource into advice that names it', () => {
  assert.deepEqual(judged([]), [['mandatory', false]]);
  assert.deepEqual(judged([waiver]), [['advisory', true]]);
  assert.deepEqual(judged([{ ...waiver, rule: 'K04' }]), [['mandatory', false]]);
  assert.deepEqual(judged([{ ...waiver, resource: 'other' }]), [['mandatory', false]]);
});

test('a waiver counts to the end of its last day, and fails the stack after it', () => {
  const [lastMoment, after] = [new Date('2026-06-30T23:59:59.999Z'), new Date('2026-07-01T00:00:00Z')];
  assert.equal(hasExpired(waiver, lastMoment), false);
  assert.deepEqual(judged([waiver], lastMoment), [['advisory', true]]);
  assert.deepEqual(judged([waiver], after), [['mandatory', false]]);
  for (const [now, count] of [
    [lastMoment, 0],
    [after, 1],
  ] as const) {
    const reported: string[] = [];
    const policy = policiesOf([], () => context, [waiver], now).find(({ name }) => name === 'governance-waivers');
    assert.ok(policy !== undefined && 'validateStack' in policy && policy.enforcementLevel === 'mandatory');
    (policy.validateStack as (args: object, report: (message: string) => void) => void)({ resources: [] }, (message) =>
      reported.push(message),
    );
    assert.equal(reported.length, count);
    assert.ok(reported.every((message) => message.includes("the waiver of K03 for 'exporter' ended with 2026-06-30")));
  }
});

for (const [what, change, field, expected] of [
  ['without an owner', { owner: undefined }, 'waivers[0].owner', /who answers for it/],
  ['without a reason', { reason: undefined }, 'waivers[0].reason', /in a sentence/],
  ['with a reason that says nothing', { reason: 'later' }, 'waivers[0].reason', /in a sentence/],
  ['without an end', { expires: undefined }, 'waivers[0].expires', /YYYY-MM-DD/],
  ['that ends in words', { expires: 'next year' }, 'waivers[0].expires', /YYYY-MM-DD/],
  ['that ends on no day', { expires: '2026-02-30' }, 'waivers[0].expires', /a day of the calendar/],
  ['of a rule that is none', { rule: 'K99' }, 'waivers[0].rule', /the id of a rule/],
  ['with a word too many', { until: '2030-01-01' }, 'waivers[0].until', /no such key/],
] as const) {
  test(`a waiver ${what} is refused with its field`, () => {
    assert.throws(
      () => parseWaivers(JSON.stringify([{ ...waiver, ...change }]), ids),
      (error: { code?: string; field?: string; expected?: string }) => {
        assert.equal(error.code, 'MR_POLICIES_WAIVER_INVALID');
        assert.equal(error.field, field);
        assert.match(error.expected ?? '', expected);
        return true;
      },
    );
  });
}

test('the waivers of this repository are complete', () => {
  assert.ok(Array.isArray(loadWaivers(RULES)));
});
