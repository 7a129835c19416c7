import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auc, brier, ece, everyCase, prAuc, ranking } from '../../../app/training/classifier/metrics.ts';

/** Scores with many ties, and a label each. */
const judged = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.boolean()), { minLength: 1, maxLength: 60 });
const rankedOf = (cases: readonly (readonly [number, boolean])[]) =>
  ranking(
    Float64Array.from(cases, ([score]) => score / 12),
    Uint8Array.from(cases, ([, label]) => (label ? 1 : 0)),
  );

test('auc is the share of pairs in the right order, ties half, counted one by one', () => {
  fc.assert(
    fc.property(judged, (cases) => {
      const positives = cases.filter(([, label]) => label);
      const negatives = cases.filter(([, label]) => !label);
      let won = 0;
      for (const [high] of positives) for (const [low] of negatives) won += high > low ? 1 : high === low ? 0.5 : 0;
      const pairs = positives.length * negatives.length;
      const ranked = rankedOf(cases);
      assert.ok(Math.abs(auc(ranked, everyCase(ranked)) - (pairs === 0 ? 0.5 : won / pairs)) < 1e-12);
    }),
  );
});

test('prAuc is the sum of recall steps times precision over every distinct score', () => {
  fc.assert(
    fc.property(judged, (cases) => {
      const positives = cases.filter(([, label]) => label).length;
      let [area, before] = [0, 0];
      for (const score of [...new Set(cases.map(([value]) => value))].sort((a, b) => b - a)) {
        const seen = cases.filter(([value]) => value >= score);
        const found = seen.filter(([, label]) => label).length;
        area += positives === 0 ? 0 : ((found - before) / positives) * (found / seen.length);
        before = found;
      }
      const ranked = rankedOf(cases);
      assert.ok(Math.abs(prAuc(ranked, everyCase(ranked)) - area) < 1e-12);
    }),
  );
});

test('a case of weight two counts as the same case twice', () => {
  fc.assert(
    fc.property(judged, fc.nat(), (cases, pick) => {
      const twice = pick % cases.length;
      const heavy = rankedOf(cases);
      const doubled = rankedOf([...cases, cases[twice] as (typeof cases)[number]]);
      const weight = everyCase(heavy);
      weight[twice] = 2;
      for (const metric of [auc, prAuc, brier])
        assert.ok(Math.abs(metric(heavy, weight) - metric(doubled, everyCase(doubled))) < 1e-12, metric.name);
    }),
  );
});

test('probabilities that come true have no calibration error, and over-sure ones have the difference', () => {
  const size = 10_000;
  const labels = Uint8Array.from({ length: size }, (_, index) => (index % 5 === 0 ? 1 : 0));
  const right = ranking(new Float64Array(size).fill(0.2), labels);
  assert.ok(ece(right, everyCase(right)) < 1e-9);
  const sure = ranking(new Float64Array(size).fill(0.5), labels);
  assert.ok(Math.abs(ece(sure, everyCase(sure)) - 0.3) < 1e-9);
  assert.ok(Math.abs(brier(sure, everyCase(sure)) - 0.25) < 1e-12);
});
