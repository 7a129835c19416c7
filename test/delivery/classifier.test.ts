import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { DAY } from '../../app/clock/port.ts';
import { checkExtraction } from '../../app/delivery/classifier/extraction.ts';
import { classifierChecks } from '../../app/delivery/classifier/judge.ts';
import { checkEvasion, checkExtremes, checkFlippedLabels } from '../../app/delivery/classifier/robustness.ts';
import { runGate } from '../../app/delivery/gate.ts';
import type { ReleaseManifest } from '../../app/registry/release.ts';
import { seededRandom, shuffled } from '../../app/training/random.ts';
import { orderSimulation } from '../../app/usecases/fraud/simulation.ts';
import type { SimulatedEvent } from '../../app/usecases/simulation.ts';
import type { ClassifierUseCase } from '../../app/usecases/usecase.ts';
import { freshOrders, NOW, small } from '../training/classifier/orders.ts';
import { failed, steps } from './judging.ts';

type Orders = Awaited<ReturnType<typeof freshOrders>>;
const events = [...orderSimulation.events({ from: NOW - DAY, to: NOW, changes: [] })];

async function judge(orders: Orders, manifest: ReleaseManifest, usecase: ClassifierUseCase = small) {
  const { version } = await orders.registry.register(manifest, 'workload:trainer');
  const { lake, objects, keys, audit, registry, clock } = orders;
  const logger = pino({ level: 'silent' });
  return runGate({ usecase, registry, lake, objects, keys, audit, clock, version, logger, timer: steps(0.5) });
}

let orders: Orders;
let release: ReleaseManifest;
before(async () => {
  orders = await freshOrders(small, events, NOW);
  release = await orders.train();
});
after(() => orders.end());

test('an honest classifier passes every check', async () => {
  const verdict = await judge(orders, release);
  assert.deepEqual(failed(verdict), []);
  assert.equal(verdict.verdict, 'passed');
  assert.deepEqual(verdict.notJudged, []);
  for (const name of classifierChecks(small))
    assert.ok(
      verdict.checks.some((check) => check.name === name),
      name,
    );
});

test('floors, ceilings, segments, the rule and robustness refuse what does not reach them', async () => {
  const strict: ClassifierUseCase = {
    ...small,
    gate: {
      ...small.gate,
      floors: { auc: 0.9999 },
      ceilings: { ece: 1e-6 },
      segmentFloors: { known: 0.9999 },
      adversarial: { ...small.gate.adversarial, maxLoss: -1, maxEvasion: -1 },
      latencyBudgetMs: 0.1,
    },
  };
  const found = failed(await judge(orders, { ...release, createdAt: release.createdAt + 1 }, strict));
  assert.deepEqual(found.sort(), ['ceiling.ece', 'evasion', 'flippedLabels', 'floor.auc', 'latency', 'segment.known'].sort());
});

test('files that were not learnt by the named parameters are found out', async () => {
  const parameters = { ...release.parameters, trees: 2 };
  assert.deepEqual(
    failed(await judge(orders, { ...release, parameters, createdAt: release.createdAt + 2 })).includes('reproduction'),
    true,
  );
});

test('a classifier of shuffled labels is no better than a coin, and the gate refuses it', async (t) => {
  const random = seededRandom(5);
  const ids = events.filter(({ event }) => event === 'order').map(({ wire }) => (wire as { order_id: string }).order_id);
  const drawn = shuffled(ids, random);
  const lied = events.map((event): SimulatedEvent => {
    if (event.event !== 'outcome') return event;
    return { ...event, wire: { ...(event.wire as object), order_id: drawn.pop() } };
  });
  // An outcome of an order that came before it, or long after, says nothing: any time within a day counts here.
  const usecase: ClassifierUseCase = { ...small, model: { ...small.model, label: { ...small.model.label, maturity: '6h' } } };
  const shuffledOrders = await freshOrders(usecase, lied, NOW);
  t.after(() => shuffledOrders.end());
  const manifest = await shuffledOrders.train();
  const area = manifest.metrics.metrics.auc?.value ?? 1;
  assert.ok(Math.abs(area - 0.5) < 0.1, `auc ${area}`);
  const verdict = await judge(shuffledOrders, manifest, usecase);
  assert.equal(verdict.verdict, 'refused');
  assert.ok(failed(verdict).includes('floor.auc'));
});

test('an answer that is no probability is counted, wherever in the extremes it comes', async () => {
  const scoreRows = async (x: Float32Array) =>
    Float64Array.from({ length: x.length / 2 }, (_, row) => ((x[row * 2] as number) > 1e29 ? Number.NaN : 0.5));
  const check = await checkExtremes({ scoreRows }, { x: new Float32Array(2), width: 2 });
  assert.equal(check.passed, false);
  assert.equal(check.measured, 2);
});

test('turned labels are a share of the class, and what they cost is held against the limit', () => {
  const labels = Uint8Array.from({ length: 200 }, (_, index) => index % 2);
  const segments = Array.from(labels, () => 'all');
  const scores = Float64Array.from(labels);
  let turned = 0;
  const check = checkFlippedLabels(small, { scores, labels, segments }, labels, (flipped) => {
    turned = labels.reduce((sum, label, index) => sum + (label - (flipped[index] as number)), 0);
    return { scores: scores.map((score) => 1 - score), labels, segments };
  });
  assert.equal(turned, Math.ceil(100 * small.gate.adversarial.flippedShare));
  assert.equal(check.passed, false);
});

test('a model that looks at chosen fields alone is evaded, one that looks at the history is not', () => {
  const width = 2;
  const columns = ['order.amount', 'user_orders.orders_1h'].map((input) => ({ input, fallback: 0, is: null }));
  const labels = Uint8Array.from({ length: 40 }, (_, row) => (row < 20 ? 1 : 0));
  const x = Float32Array.from({ length: 40 * width }, (_, at) => (at < 20 * width ? 10 : 0));
  const judged = { events: [], at: new Float64Array(40), labels, segments: [], x, width };
  const looking = (column: number) => ({
    columns,
    calibration: { slope: 1, shift: 0 },
    scorer: {
      kind: 'boosted-trees' as const,
      depth: 1,
      base: 0,
      column: Int32Array.of(column),
      threshold: Float32Array.of(5),
      leaf: Float32Array.of(-5, 5),
    },
  });
  assert.equal(checkEvasion(small, looking(0), judged).passed, false);
  assert.equal(checkEvasion(small, looking(1), judged).measured, 0);
});

test('a model that decides by chosen fields alone is copied from its answers, one that decides by the history is not', async () => {
  const width = 2;
  const columns = ['order.amount', 'user_orders.orders_1h'].map((input) => ({ input, fallback: 0, is: null }));
  const random = seededRandom(11);
  const x = Float32Array.from({ length: 600 * width }, () => random() * 10);
  const judged = { x, width, labels: new Uint8Array(600) };
  const looking = (column: number) => ({
    scoreRows: async (rows: Float32Array) =>
      Float64Array.from({ length: rows.length / width }, (_, row) => ((rows[row * width + column] as number) > 6 ? 0.9 : 0.01)),
  });
  const of = (queries: number): ClassifierUseCase => ({
    ...small,
    gate: { ...small.gate, adversarial: { ...small.gate.adversarial, queries, maxCopied: 0.5 } },
  });
  const leaking = await checkExtraction(of(300), looking(0), columns, judged);
  assert.equal(leaking.passed, false, leaking.reason);
  assert.ok(Number(leaking.measured) > 0.9, leaking.reason);
  assert.equal((await checkExtraction(of(300), looking(1), columns, judged)).passed, true);
  assert.equal((await checkExtraction(of(1), looking(0), columns, judged)).measured, 0, 'one answer makes no copy');
});
