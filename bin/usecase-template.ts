import type { Kind } from '../app/usecases/model.ts';

/** The files of a new use case, by path from the repository's root. */
export const useCaseFiles = (name: string, kind: Kind): Readonly<Record<string, string>> => ({
  [`app/usecases/${name}/usecase.ts`]: kind === 'classifier' ? classifier(name) : recommender(name),
  [`test/usecases/${name}.test.ts`]: testOf(name, kind),
});

const classifier = (name: string): string => `import { defineEvent } from '../event.ts';
import { defineEntity, defineFeatureView, over } from '../feature.ts';
import { flag, number, oneOf, subject, text, timestamp } from '../field.ts';
import { boostedTrees, defineOutcomeLabel } from '../model.ts';
import { decide, defineUseCase, streams } from '../usecase.ts';
import { USUAL } from '../usual.ts';

const keys = { id: 'id', time: 'at', key: 'user_id' } as const;
const shared = { id: text({ maxLength: 64 }), user_id: subject({ maxLength: 64 }), at: timestamp() };

/** What is classified, with what is known about it when it comes. */
const request = defineEvent({
  ...keys,
  name: 'request',
  fields: { ...shared, amount: number({ range: [0, 10_000] }), channel: oneOf(['web', 'app', 'phone']), trusted: flag() },
});

/** What became of it, as a later event tells. */
const outcome = defineEvent({
  ...keys,
  name: 'outcome',
  fields: { ...shared, request_id: text({ maxLength: 64 }), kind: oneOf(['bad', 'good']) },
});

const requests = over(request);
const history = defineFeatureView({
  name: 'user_requests',
  entity: defineEntity({ name: 'user', joinKey: 'user_id' }),
  source: request,
  owner: '${name}-ml',
  features: { count_1d: requests.count({ over: '1d' }), mean_amount_7d: requests.mean('amount', { over: '7d' }) },
});

export const ${name} = defineUseCase({
  ...USUAL.all,
  name: '${name}',
  owner: '${name}-ml',
  purpose: 'Tells requests that will turn out bad from those that are well.',
  events: [request, outcome],
  sources: streams('request', 'outcome'),
  views: [history],
  model: {
    ...USUAL.model,
    name: '${name}-classifier',
    objective: 'auc',
    trainer: boostedTrees({ trees: [40], depth: [3, 4], learningRate: [0.1], maxTrials: 2 }),
    inputs: ['request.amount', 'request.channel', 'request.trusted', 'user_requests.count_1d', 'user_requests.mean_amount_7d'],
    label: defineOutcomeLabel({ event: request, outcome, of: 'request_id', by: 'kind', positive: ['bad'], maturity: '30m' }),
  },
  gate: {
    ...USUAL.gate,
    ...{ floors: { auc: 0.6 }, ceilings: { ece: 0.1 }, beatsRule: 'auc', notWorse: { metric: 'auc', ...USUAL.notWorse } },
    adversarial: { flippedShare: 0.05, maxLoss: 0.1, chosen: ['request.channel'], maxEvasion: 0.9, ...USUAL.copying },
  },
  serving: { ...USUAL.serving, ...decide({ accept: 0, review: 0.3 }, { fallback: 'review', probabilityDigits: 2 }) },
  monitors: { ...USUAL.monitors, drift: [{ feature: 'request.amount', test: 'psi', threshold: 0.25 }] },
});
`;

const recommender = (name: string): string => `import { defineEvent } from '../event.ts';
import { defineEmbeddingView, defineEntity, defineFeatureView, over } from '../feature.ts';
import { number, oneOf, subject, text, timestamp } from '../field.ts';
import { als, defineLabel } from '../model.ts';
import { defineUseCase, streams } from '../usecase.ts';
import { USUAL } from '../usual.ts';

const owner = '${name}-ml';
const ids = { id: text({ maxLength: 64 }), user_id: subject({ maxLength: 64 }), item_id: text({ maxLength: 64 }) };

/** What a user did with an item. */
const action = defineEvent({
  ...{ name: 'action', id: 'id', time: 'at', key: 'user_id' },
  fields: { ...ids, kind: oneOf(['view', 'take']), price: number({ range: [0, 1_000] }), at: timestamp() },
});

const user = defineEntity({ name: 'user', joinKey: 'user_id' });
const actions = over(action);
const activity = defineFeatureView({
  ...{ name: 'user_activity', entity: user, source: action, owner },
  features: {
    actions_30d: actions.count({ over: '30d' }),
    mean_price_3h: actions.mean('price', { over: '3h' }),
    recent_items: actions.lastN('item_id', 20, { over: '30d' }),
  },
});
const taste = defineEmbeddingView({
  ...{ name: 'user_taste', entity: user, owner, feature: 'taste' },
  ...{ dimensions: 16, class: 'pii', minSupport: 3 },
});

export const ${name} = defineUseCase({
  ...USUAL.all,
  ...{ name: '${name}', owner, purpose: 'Orders items by how likely a user is to want them next.' },
  events: [action],
  sources: streams('action'),
  views: [activity, taste],
  model: {
    ...USUAL.model,
    ...{ name: '${name}-recommender', objective: 'ndcgAt20' },
    trainer: als({ factors: [16], regularization: [0.05], alpha: [10, 20], popularityBlend: [0.05], maxTrials: 2 }),
    inputs: ['user_taste.taste', 'user_activity.recent_items', 'user_activity.actions_30d'],
    label: defineLabel({
      ...{ event: action, item: 'item_id', weightBy: 'kind', weights: { view: 1, take: 3 } },
      ...{ hits: ['view', 'take'], maturity: '30m' },
    }),
  },
  gate: {
    ...USUAL.gate,
    ...{ floors: { recallAt20: 0.02 }, beatsPopularity: 'ndcgAt20', notWorse: { metric: 'ndcgAt20', ...USUAL.notWorse } },
    adversarial: { forgedShare: 0.01, campaigns: 3, maxLift: 5, ...USUAL.copying },
  },
  serving: { ...USUAL.serving, k: { default: 20, max: 100 }, fallback: 'popular' },
  monitors: { ...USUAL.monitors, drift: [{ feature: 'user_activity.mean_price_3h', test: 'psi', threshold: 0.25 }] },
});
`;

const testOf = (name: string, kind: Kind): string => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR } from '../../app/clock/port.ts';
import { ${kind}Inputs } from '../../app/training/${kind === 'classifier' ? 'classifier/columns' : 'inputs'}.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import { plainSimulation } from '../../app/usecases/plain-simulation.ts';
import { ${name} } from '../../app/usecases/${name}/usecase.ts';
import { admit } from '../../app/validation/door.ts';

test('${name} is found by its folder, and its trainer can read every input', async () => {
  assert.equal((await loadUseCase('${name}')).kind, '${kind}');
  assert.doesNotThrow(() => ${kind}Inputs(${name}));
});

test('the door admits every event of the world that ${name} is tried on', () => {
  const to = 20_000 * DAY;
  const events = [...plainSimulation(${name}).events({ from: to - HOUR, to, changes: [] })];
  assert.ok(events.length > 100);
  for (const { event, wire } of events) {
    const type = ${name}.events.find((candidate) => candidate.name === event);
    assert.ok(type !== undefined);
    assert.deepEqual(admit(type, wire, { now: () => to }).ok, true);
  }
});
`;
