import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { admissionsOf } from '../../policies/admission.ts';
import { RULES } from '../../policies/catalogue.ts';
import { corpus } from '../../policies/corpus.ts';
import { holds } from '../../policies/evaluate.ts';
import { DEFAULT_SETTINGS } from '../../policies/settings.ts';
import { gateOf } from './cel-gate.ts';
import { mutated, mutation, scalarsIn } from './mutation.ts';

const context = { environment: 'prod' as const, config: DEFAULT_SETTINGS };
const groups = await corpus(RULES);
const objects = groups.flatMap(({ entries }) => entries.map(({ object }) => object));
const gates = admissionsOf(RULES, context).flatMap((admission) => {
  const predicate = admission.rule.object?.(context);
  return predicate === undefined ? [] : [{ id: admission.rule.id, predicate, admits: gateOf(admission) }];
});

test('every object of the corpus gets one verdict from both gates', () => {
  let compared = 0;
  for (const { admissions, entries } of groups) {
    const all = admissions.map((admission) => ({ id: admission.rule.id, admits: gateOf(admission) }));
    for (const { title, object, denied, warned } of entries) {
      for (const { id, admits } of all) {
        const verdict = admits(object);
        const broken = [...denied, ...warned].includes(id);
        assert.equal(verdict ?? true, !broken, `${id}: ${title}`);
        if (verdict !== undefined) compared += 1;
      }
    }
  }
  assert.ok(compared > 500, `only ${compared} verdicts were compared`);
});

test('every rule that is an admission policy is asked about a good object and about a bad one', () => {
  const entries = groups.flatMap((group) => group.entries);
  for (const { id, admits } of gates) {
    assert.ok(
      entries.some(({ denied, warned }) => [...denied, ...warned].includes(id)),
      `${id}: nothing bad`,
    );
    assert.ok(
      entries.some(({ object }) => admits(object) === true),
      `${id}: nothing good`,
    );
  }
});

test('what an operator makes is not judged again, and nobody else is taken for one', () => {
  const objects = groups.flatMap(({ entries }) => entries).filter(({ denied }) => denied.includes('K03'));
  const [rule] = admissionsOf(RULES, context, ['kafka-operators', 'other.system']).filter(({ rule: { id } }) => id === 'K03');
  assert.ok(rule !== undefined && objects.length > 0);
  const verdicts = (username: string) => new Set(objects.map(({ object }) => gateOf(rule, username)(object)));
  assert.deepEqual([...verdicts('system:serviceaccount:kafka-operators:cluster-operator')], [undefined]);
  for (const username of [
    'system:serviceaccount:kafka-operators-of-mine:cluster-operator',
    'system:serviceaccount:otherxsystem:operator',
    'kafka-operators',
    'system:serviceaccount:kube-system:replicaset-controller',
  ])
    assert.deepEqual([...verdicts(username)], [false], username);
});

test('random objects get one verdict from both gates', () => {
  const pool = scalarsIn(objects);
  const verdicts = { good: 0, bad: 0 };
  fc.assert(
    fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 8 }), (choice, changes) => {
      const object = mutated(objects[choice % objects.length], changes, pool);
      for (const { id, predicate, admits } of gates) {
        const verdict = admits(object);
        if (verdict === undefined) continue;
        assert.equal(verdict, holds(predicate, object), id);
        verdicts[verdict ? 'good' : 'bad'] += 1;
      }
    }),
    { numRuns: 1_500 },
  );
  assert.ok(verdicts.good > 100 && verdicts.bad > 100, JSON.stringify(verdicts));
});

test('a mandatory rule denies, an advisory one warns, and its message says what to do', () => {
  for (const { rule, policy, binding } of admissionsOf(RULES, context)) {
    assert.deepEqual(binding.spec['validationActions'], [rule.severity === 'mandatory' ? 'Deny' : 'Warn']);
    assert.equal(binding.spec['policyName'], policy.metadata.name);
    assert.match(policy.metadata.name, /^[a-z0-9-]{1,63}$/);
    const [{ message }] = policy.spec['validations'] as [{ message: string }];
    assert.ok(message.startsWith(rule.id) && message.endsWith(rule.remediation) && !message.includes('\n'));
  }
});
