import assert from 'node:assert/strict';
import { dirname, join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');

const FEATURES = `
import { over } from '../../app/usecases/feature.ts';
import { click } from '../../app/usecases/retail/events.ts';
const clicks = over(click);
`;

/** The whole retail use case with one part changed. */
const retailWith = (change: string): string => `
import { als, defineLabel } from '../../app/usecases/model.ts';
import { defineUseCase } from '../../app/usecases/usecase.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { click, item } from '../../app/usecases/retail/events.ts';
import { activity, taste } from '../../app/usecases/retail/features.ts';
const { name, owner, purpose, sources, serving, retention } = retail;
const trainer = als({ factors: [32], regularization: [0.1], alpha: [5], maxTrials: 1 });
const label = defineLabel({ event: click, item: 'item_id', weightBy: 'kind', weights: { view: 1, basket: 3, purchase: 5 }, hits: ['view'], maturity: '30m' });
const model = { name: 'm', trainer, label, folds: { count: 3, horizon: '2d' }, objective: 'ndcgAt20', segments: { new: 0 }, profileRows: 10, seed: 1 } as const;
const gate = { notWorse: { metric: 'ndcgAt20', tolerance: 0, confidence: 0.95 }, beatsPopularity: 'ndcgAt20', segmentFloors: {}, latencyBudgetMs: 20, approval: 'local',
  adversarial: { forgedShare: 0.01, campaigns: 3, maxLift: 3, queries: 100, maxCopied: 0.9 } } as const;
const monitors = { window: 400, featureFreshness: '1h', retrain: { schedule: '0 3 * * *', coolDown: '6h', consecutiveWindows: 2 } } as const;
export const changed = defineUseCase({
  name, owner, purpose, sources, serving, retention, events: [click], tables: [item], views: [activity, taste],
  model: { ...model, inputs: ['user_taste.taste', 'user_activity.views_1h'] },
  gate: { ...gate, floors: { recallAt20: 0.02 } },
  monitors: { ...monitors, drift: [{ feature: 'user_activity.views_1h', test: 'psi', threshold: 0.25 }] },
  ${change}
});
`;

/** The whole fraud use case with one part changed. */
const fraudWith = (change: string): string => `
import { boostedTrees, defineOutcomeLabel } from '../../app/usecases/model.ts';
import { decide, defineUseCase } from '../../app/usecases/usecase.ts';
import { fraud } from '../../app/usecases/fraud/usecase.ts';
import { order, outcome } from '../../app/usecases/fraud/events.ts';
import { ordering } from '../../app/usecases/fraud/features.ts';
const { name, owner, purpose, sources, retention } = fraud;
const serving = { ...fraud.serving, ...decide({ accept: 0, review: 0.5 }, { fallback: 'review', probabilityDigits: 2 }) };
const trainer = boostedTrees({ trees: [10], depth: [3], learningRate: [0.1], maxTrials: 1 });
const labelled = { event: order, outcome, of: 'order_id', by: 'kind', positive: ['chargeback'], maturity: '1h' } as const;
const label = defineOutcomeLabel(labelled);
const model = { name: 'm', trainer, label, folds: { count: 3, horizon: '2d' }, objective: 'auc', segments: { new: 0 }, profileRows: 10, seed: 1 } as const;
const adversarial = { flippedShare: 0.01, maxLoss: 0.1, chosen: ['order.amount'], maxEvasion: 1, queries: 100, maxCopied: 0.9 } as const;
const gate = { floors: { auc: 0.8 }, ceilings: { ece: 0.1 }, beatsRule: 'auc', notWorse: { metric: 'auc', tolerance: 0, confidence: 0.95 },
  segmentFloors: {}, latencyBudgetMs: 20, approval: 'local', adversarial } as const;
const monitors = { window: 400, featureFreshness: '1h', retrain: { schedule: '0 3 * * *', coolDown: '6h', consecutiveWindows: 2 } } as const;
export const changed = defineUseCase({
  name, owner, purpose, sources, serving, retention, events: [order, outcome], tables: [], views: [ordering],
  model: { ...model, inputs: ['order.amount', 'order.goods', 'user_orders.orders_1h'] },
  gate,
  monitors: { ...monitors, drift: [{ feature: 'order.amount', test: 'psi', threshold: 0.25 }] },
  ${change}
});
`;

interface Snippet {
  readonly source: string;
  /** The text that the compiler's message must name; undefined where the snippet must compile. */
  readonly names: string | undefined;
}

const SNIPPETS: Readonly<Record<string, Snippet>> = {
  'features over fields the event has': {
    source: `${FEATURES} export const ok = [clicks.sum('price', { over: '30m' }), clicks.count({ where: { kind: 'view' }, over: '105m' })];`,
    names: undefined,
  },
  'the retail use case, taken apart and put together': { source: retailWith(''), names: undefined },
  'a feature over a field its event lacks': {
    source: `${FEATURES} export const bad = clicks.sum('prize', { over: '30m' });`,
    names: '"prize"',
  },
  'a sum over a text field': {
    source: `${FEATURES} export const bad = clicks.sum('item_id', { over: '30m' });`,
    names: '"item_id"',
  },
  'a filter on a field its event lacks': {
    source: `${FEATURES} export const bad = clicks.count({ where: { sort: 'view' }, over: '30m' });`,
    names: "'sort'",
  },
  'a filter on a value the field never has': {
    source: `${FEATURES} export const bad = clicks.count({ where: { kind: 'veiw' }, over: '30m' });`,
    names: '"veiw"',
  },
  'a model input that no view provides': {
    source: retailWith("model: { ...model, inputs: ['user_activity.views_2h'] },"),
    names: '"user_activity.views_2h"',
  },
  'a gate on a metric that the trainer does not report': {
    source: retailWith('gate: { ...gate, floors: { accuracy: 0.9 } },'),
    names: "'accuracy'",
  },
  'a gate that compares by a metric that the trainer does not report': {
    source: retailWith("gate: { ...gate, floors: {}, notWorse: { metric: 'auc', tolerance: 0, confidence: 0.95 } },"),
    names: '"auc"',
  },
  'the fraud use case, taken apart and put together': { source: fraudWith(''), names: undefined },
  'a classifier that reads a field its event lacks': {
    source: fraudWith("model: { ...model, inputs: ['order.amuont'] },"),
    names: '"order.amuont"',
  },
  'a classifier that reads free text of its event': {
    source: fraudWith("model: { ...model, inputs: ['order.device'] },"),
    names: '"order.device"',
  },
  "a classifier's gate on a recommender's metric": {
    source: fraudWith('gate: { ...gate, floors: { recallAt20: 0.02 } },'),
    names: "'recallAt20'",
  },
  "a classifier's floor of a metric of which less is better": {
    source: fraudWith('gate: { ...gate, floors: { ece: 0.02 } },'),
    names: "'ece'",
  },
  "a recommender's gate with a classifier's ceiling": {
    source: retailWith('gate: { ...gate, floors: {}, ceilings: { ece: 0.1 } },'),
    names: "'ceilings'",
  },
  'an outcome whose deciding value its event never has': {
    source: fraudWith("model: { ...model, inputs: [], label: defineOutcomeLabel({ ...labelled, positive: ['chargebak'] }) },"),
    names: '"chargebak"',
  },
  'a fallback that is none of the decisions': {
    source: fraudWith(
      "serving: { ...serving, ...decide({ accept: 0, refuse: 0.5 }, { fallback: 'review', probabilityDigits: 2 }) },",
    ),
    names: '"review"',
  },
  'a monitor of a feature that is not there': {
    source: retailWith("monitors: { ...monitors, drift: [{ feature: 'user_activity.clicks', test: 'psi', threshold: 0.25 }] },"),
    names: '"user_activity.clicks"',
  },
  ...Object.fromEntries(
    ['30x', '5 minutes', '-5m', '0m', '1.5h', '30', ''].map((text) => [
      `the window text '${text}'`,
      { source: `${FEATURES} export const bad = clicks.count({ over: '${text}' });`, names: `"${text}"` },
    ]),
  ),
};

/** Messages of the type checker, by snippet: one program over all, in files that exist in its host alone. */
function check(): ReadonlyMap<string, readonly string[]> {
  const configFile = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...configFile.config, include: [], files: [] }, ts.sys, root);
  const files = new Map(Object.keys(SNIPPETS).map((title, i) => [join(here, `snippet-${i}.ts`), title]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  const sourceOf = (file: string) => SNIPPETS[files.get(file) ?? '']?.source;
  host.readFile = (file) => sourceOf(file) ?? readFile(file);
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.getSourceFile = (file, ...rest) => {
    const source = sourceOf(file);
    return source === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, source, ts.ScriptTarget.ESNext);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return new Map(
    [...files].map(([file, title]) => [
      title,
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    ]),
  );
}

let messages: ReadonlyMap<string, readonly string[]>;
before(() => {
  messages = check();
});

for (const [title, { names }] of Object.entries(SNIPPETS)) {
  test(names === undefined ? `compiles: ${title}` : `does not compile, and the message names ${names}: ${title}`, () => {
    const found = messages.get(title) ?? [];
    if (names === undefined) assert.deepEqual(found, []);
    else
      assert.ok(
        found.length > 0 && found.some((message) => message.split('\n')[0]?.includes(names)),
        `the compiler says: ${found.join('\n')}`,
      );
  });
}
