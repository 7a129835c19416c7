import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOUD_RULES } from '../../policies/cloud-rules.ts';
import { COST_RULES } from '../../policies/cost-rules.ts';
import { DATA_RULES } from '../../policies/data-rules.ts';
import { MODEL_RULES } from '../../policies/model-rules.ts';
import { appliesTo, type Context, isStackRule, type Resource, type Rule } from '../../policies/rule.ts';
import { DEFAULT_SETTINGS } from '../../policies/settings.ts';
import { PRODUCTION } from './aws-account.ts';
import { deployAll } from './aws-program.ts';

const context: Context = { environment: 'prod', now: new Date('2026-01-01'), config: DEFAULT_SETTINGS };

/** Judged over the charts as well: manifests, schedules, alerts and what topics say are objects of the cluster. */
const NEED_CHARTS = ['D01', 'D02', 'D04', 'D05', 'D11', 'F03'];
const rules: readonly Rule[] = [...CLOUD_RULES, ...COST_RULES, ...DATA_RULES, ...MODEL_RULES].filter(
  ({ id, kinds }) => !NEED_CHARTS.includes(id) && kinds.some((kind) => kind.startsWith('aws:') || kind === '*'),
);

const resources = async (nodes: 'managed' | 'karpenter'): Promise<readonly Resource[]> =>
  (await deployAll({ ...PRODUCTION, nodes })).map(({ type, name, inputs, protect }) => ({
    type,
    name,
    urn: `urn:pulumi:prod::millrace::${type}::${name}`,
    props: inputs,
    protect,
  }));

const judged = (rule: Rule, all: readonly Resource[]): readonly string[] =>
  (isStackRule(rule)
    ? rule.checkStack(all, context)
    : all.filter(({ type }) => appliesTo(rule, type)).flatMap((resource) => rule.checkResource(resource, context))
  ).map(({ resource, property, expected }) => `${rule.id} ${resource} ${property}: expected ${expected}`);

const deployed = { managed: await resources('managed'), karpenter: await resources('karpenter') };
for (const [nodes, all] of Object.entries(deployed)) {
  test(`every rule that looks at AWS holds of what the constructs make by default, nodes ${nodes}`, () => {
    assert.deepEqual(
      rules.flatMap((rule) => judged(rule, all)),
      [],
    );
  });
}

test('the rules of the cloud look at what is made', () => {
  const types = new Set(deployed.managed.map(({ type }) => type));
  const blind = CLOUD_RULES.filter(({ kinds }) => ![...types].some((type) => appliesTo({ kinds }, type)));
  assert.deepEqual(
    blind.map(({ id }) => id),
    [],
  );
});
