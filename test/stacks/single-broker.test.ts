import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dials } from '../../constructs/dials.ts';
import { loadUseCases, readDials } from '../../constructs/environments.ts';
import { RULES } from '../../policies/catalogue.ts';
import { contextOf } from '../../policies/context.ts';
import { judgeStack } from '../../policies/judge.ts';
import type { Resource } from '../../policies/rule.ts';
import { record } from './recorded.ts';

test('a laptop’s cluster with one broker makes every topic that its workloads write, and breaks no rule', async () => {
  const dev = await readDials('dev');
  const dials: Dials = { ...dev, providers: { ...dev.providers, log: 'single' } };
  const usecases = await loadUseCases();
  const resources = await record(dials, usecases);
  const judged = (all: typeof resources) =>
    judgeStack(RULES, all, contextOf({ stack: 'dev', policies: dials.policies }, new Date())).map(({ message }) => message);
  assert.deepEqual(judged(resources), []);
  const listOf = ({ props }: Resource) => (props.data as { readonly topics: string }).topics;
  const isList = ({ type, name }: Resource) => type.endsWith(':ConfigMap') && name.endsWith('/topics-list');
  const forgetful = resources.map((one) => {
    if (!isList(one)) return one;
    const topics = listOf(one).replace(/^\w+\.prediction .*\n/m, '');
    return { ...one, props: { ...one.props, data: { topics } } };
  });
  assert.ok(
    judged(forgetful).some((message) => message.startsWith('S07 ')),
    'a topic that no list holds is missed',
  );
  const made = resources
    .filter(isList)
    .flatMap((one) => listOf(one).trim().split('\n'))
    .map((line) => line.split(' ')[0]);
  const written = resources.flatMap(({ props }) => {
    const words = (props.metadata as { annotations?: Record<string, string> } | undefined)?.annotations ?? {};
    return (words['millrace.dev/writes'] ?? '').split(',').flatMap((access) => /^log:(.+)$/.exec(access)?.[1] ?? []);
  });
  assert.ok(written.length > 0);
  assert.deepEqual(
    written.filter((topic) => !made.includes(topic)),
    [],
  );
  assert.equal(resources.filter(({ type }) => type.endsWith(':KafkaTopic')).length, 0);
});
