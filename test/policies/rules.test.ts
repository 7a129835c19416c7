import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../policies/catalogue.ts';
import { fixturesOf } from '../../policies/corpus.ts';
import type { Fixture } from '../../policies/fixture.ts';
import { judgeStack } from '../../policies/judge.ts';
import type { Rule } from '../../policies/rule.ts';
import { contextFor } from './fixtures.ts';

const all = await Promise.all(RULES.map(async (rule) => ({ rule, ...(await fixturesOf(rule)) })));

/** Ids of the rules that find something, and what they find first. */
const caught = (rules: readonly Rule[], fixture: Fixture): readonly string[] => [
  ...new Set(judgeStack(rules, fixture.resources, contextFor(fixture)).map(({ rule }) => rule.id)),
];

for (const { rule, passing, violating } of all) {
  test(`${rule.id} ${rule.title}`, async (t) => {
    for (const fixture of passing) {
      await t.test(`keeps: ${fixture.title}`, () => {
        const findings = judgeStack(RULES, fixture.resources, contextFor(fixture));
        assert.deepEqual(
          findings.map(({ message }) => message),
          [],
        );
      });
    }
    for (const fixture of violating) {
      await t.test(`breaks: ${fixture.title}`, () => {
        const findings = judgeStack(RULES, fixture.resources, contextFor(fixture));
        assert.deepEqual(
          [...new Set(findings.map((finding) => finding.rule.id))],
          [rule.id],
          findings.map((f) => f.message).join('\n'),
        );
        for (const { message } of findings)
          assert.ok(message.includes(rule.remediation) && message.includes('Expected'), message);
      });
    }
  });
}

test('with a rule switched off, exactly its own bad resources go through', () => {
  // Rules know nothing of each other, so who catches what with all of them on is asked once.
  const catchers = all.map(({ rule, violating }) => ({ rule, caught: violating.map((fixture) => caught(RULES, fixture)) }));
  for (const { rule: off, violating } of all) {
    const through = catchers.filter(({ caught: found }) => found.some((ids) => ids.every((id) => id === off.id)));
    assert.deepEqual(
      through.map(({ rule }) => rule.id),
      [off.id],
    );
    const others = RULES.filter((rule) => rule !== off);
    assert.ok(
      violating.every((fixture) => caught(others, fixture).length === 0),
      `${off.id}: another rule catches it too`,
    );
  }
});
