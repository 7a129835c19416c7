import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dials, parseDials } from '../../constructs/dials.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';
import { checkFoundation } from '../../constructs/foundation-reference.ts';
import { RULES } from '../../policies/catalogue.ts';
import { contextOf } from '../../policies/context.ts';
import { judgeStack } from '../../policies/judge.ts';
import type { Resource } from '../../policies/rule.ts';
import { record, recordFoundation } from './recorded.ts';

const usecases = await loadUseCases();
const STACK = 'organization/millrace-foundation/prod';
const standing = (dials: Dials): Dials => ({ ...dials, foundation: { stack: STACK } });
const namesOf = (resources: readonly Resource[]) => resources.map(({ type, name }) => `${type} ${name}`);
/** How a program reaches its cluster and account: each has its own. */
const isAccess = (name: string) => name.startsWith('pulumi:');

/** Passwords are drawn anew by each program. */
const drawn = (props: unknown): unknown => JSON.parse(JSON.stringify(props).replaceAll(/(?<=")[\w-]{48}(?=\\?")/g, 'a password'));

for (const environment of await environments()) {
  const dials = await readDials(environment);
  const { resources: ground, outputs } = await recordFoundation(dials, usecases);
  const above = await record(standing(dials), usecases, { [STACK]: outputs });
  const whole = await record(dials, usecases);

  test(`${environment}: a foundation of its own and what stands on it are together what one stack makes`, () => {
    const [below, rest, all] = [ground, above, whole].map((part) => namesOf(part).filter((name) => !isAccess(name)));
    assert.ok(below !== undefined && rest !== undefined && all !== undefined && below.length > 20 && rest.length > 100);
    assert.deepEqual(
      below.filter((name) => rest.includes(name)),
      [],
    );
    assert.deepEqual([...below, ...rest].sort(), [...all].sort());
  });

  test(`${environment}: no rule of the pack is broken by either part alone`, () => {
    const context = contextOf({ stack: environment, policies: dials.policies }, new Date());
    for (const part of [ground, above]) {
      const findings = judgeStack(RULES, part, context);
      assert.deepEqual(
        findings.map(({ message }) => message),
        [],
      );
    }
  });

  test(`${environment}: what stands on another stack's foundation is told the same as on its own`, () => {
    const propsOf = (resources: readonly Resource[]) =>
      new Map(resources.filter(({ type }) => !isAccess(type)).map(({ urn, props }) => [urn, drawn(props)]));
    const alone = propsOf(whole);
    for (const [urn, props] of propsOf(above)) assert.deepEqual(props, alone.get(urn), urn);
  });
}

const prod = await readDials('prod');
const { outputs } = await recordFoundation(prod, usecases);
const foundation = outputs.foundation as { readonly aws: object };
const WRONG = {
  'a stack that has none': [undefined, /no output 'foundation'/],
  'another environment': [{ ...foundation, environment: 'staging' }, /another environment/],
  'another target': [{ ...foundation, target: 'kubernetes' }, /another target/],
  'one without what AWS needs': [{ environment: 'prod', target: 'aws' }, /foundation\.aws/],
  'one that lacks a name': [{ ...foundation, aws: { ...foundation.aws, vpcId: '' } }, /foundation\.aws\.vpcId/],
} as const;

for (const [what, [told, reason]] of Object.entries(WRONG)) {
  test(`${what} is refused as a foundation`, () => {
    assert.throws(() => checkFoundation(prod, STACK, told), { code: 'MR_STACK_FOUNDATION', message: reason });
  });
}

test('what does not fit is refused before anything is asked for', async () => {
  const told = { foundation: { ...foundation, environment: 'staging' } };
  await assert.rejects(record(standing(prod), usecases, { [STACK]: told }), { code: 'MR_STACK_FOUNDATION' });
});

test('a foundation is named with its organisation and project', async () => {
  const { environment, highAvailability: _, ...raw } = prod;
  const named = (stack: string) => () => parseDials(environment, 'a file', { ...raw, foundation: { stack } });
  assert.doesNotThrow(named(STACK));
  assert.throws(named('prod'), /millrace:foundation\.stack is "prod"; expected a stack with its organisation and project/);
});
