import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { LAYERS } from '../../app/layers.ts';
import { RULES } from '../../policies/catalogue.ts';
import { fixturesOf } from '../../policies/corpus.ts';
import { isStackRule } from '../../policies/rule.ts';
import { fileOf, layersWithRules, ruleFilesOf } from './fixtures.ts';

/** Rules by the letter of their id, as the catalogue was agreed on. */
const AGREED = { D: 13, M: 13, S: 11, K: 12, C: 8, F: 3 };

test('the catalogue holds the sixty rules, each once', () => {
  const ids = Object.entries(AGREED).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${String(index + 1).padStart(2, '0')}`),
  );
  assert.deepEqual(RULES.map(({ id }) => id).sort(), ids.sort());
  assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length);
});

test('each rule says its severity, what it answers to, why, and what to do', () => {
  for (const rule of RULES) {
    assert.match(rule.id, /^[DMSKCF]\d\d$/);
    assert.ok(['mandatory', 'advisory'].includes(rule.severity), rule.id);
    assert.ok(rule.control.length > 0 && rule.control.every((clause) => clause.length > 3), `${rule.id} answers to nothing`);
    for (const text of ['title', 'reason', 'remediation'] as const)
      assert.ok(rule[text].length > 15, `${rule.id} has no ${text}`);
    assert.ok(rule.kinds.length > 0, `${rule.id} looks at nothing`);
    assert.ok(isStackRule(rule) !== 'checkResource' in rule, `${rule.id} is of one sort`);
  }
});

test('a rule is the file of its name, in the folder of its layer', () => {
  for (const rule of RULES) {
    assert.ok(LAYERS.includes(rule.layer) && rule.name.startsWith(`${rule.layer}-`), rule.name);
    assert.ok(existsSync(`${fileOf(rule)}.ts`), `${rule.name} is not where its name says`);
  }
});

test('no rule is left out of the catalogue', () => {
  const known = new Set(RULES.map(fileOf));
  assert.deepEqual(
    layersWithRules.flatMap(ruleFilesOf).filter((file) => !known.has(file)),
    [],
  );
});

test('each rule has resources that keep it and resources that break it', async () => {
  for (const rule of RULES) {
    const { passing, violating } = await fixturesOf(rule);
    assert.ok(passing.length > 0 && violating.length > 0, `${rule.id} lacks a side`);
    const titles = [...passing, ...violating].map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length, `${rule.id}: two fixtures have one title`);
  }
});
