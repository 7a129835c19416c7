import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openClassifier, plainScores } from '../../../app/training/classifier/classifier.ts';
import { type ClassifierParameters, fitClassifier } from '../../../app/training/classifier/fit.ts';
import { auc, ece, everyCase, ranking } from '../../../app/training/classifier/metrics.ts';
import { type ClassifierModel, decodeClassifier, encodeClassifier } from '../../../app/training/classifier/model-file.ts';
import type { Cases } from '../../../app/training/classifier/trees.ts';
import { classifierOnnx } from '../../../app/training/onnx/classifier-graph.ts';
import { COLUMNS, planted, WIDTH } from './planted.ts';

const TRAINERS: Readonly<Record<string, ClassifierParameters>> = {
  logistic: { ridge: 1 },
  'boosted-trees': { trees: 30, depth: 3, learningRate: 0.2, ridge: 1 },
};
const fit = (trainer: string, examples: Cases, change: ClassifierParameters = {}): ClassifierModel =>
  fitClassifier({ examples, columns: COLUMNS, trainer, parameters: { ...TRAINERS[trainer], ...change } });

function areaOf(model: ClassifierModel, { x, labels }: Cases): number {
  const ranked = ranking(plainScores(model, x), labels);
  return auc(ranked, everyCase(ranked));
}

/** Separable by the first two columns, but not at a border of one of them. */
const separable = (row: Float32Array) => (row[0] as number) + (row[1] as number) > 0;
/** True for a coin's sake, more often where the first column is high. */
const noisy = (row: Float32Array, random: () => number) => random() < 1 / (1 + Math.exp(-Math.asinh(row[0] as number)));

for (const trainer of Object.keys(TRAINERS)) {
  test(`${trainer}: separable cases are learnt`, () => {
    const model = fit(trainer, planted(3_000, separable));
    assert.ok(areaOf(model, planted(1_000, separable, 9)) > 0.97);
  });

  test(`${trainer}: labels that a coin decides cannot be told on cases that were not learnt`, () => {
    const coin = (_: Float32Array, random: () => number) => random() < 0.3;
    const area = areaOf(fit(trainer, planted(4_000, coin)), planted(4_000, coin, 11));
    assert.ok(Math.abs(area - 0.5) < 0.05, `auc ${area}`);
  });

  test(`${trainer}: probabilities come true on cases that were not learnt`, () => {
    const fresh = planted(6_000, noisy, 21);
    const ranked = ranking(plainScores(fit(trainer, planted(6_000, noisy)), fresh.x), fresh.labels);
    const error = ece(ranked, everyCase(ranked));
    assert.ok(error < 0.04, `ece ${error}`);
  });

  test(`${trainer}: the graph gives the plain scores within 1e-6, for any columns, also after the file`, async () => {
    const trained = fit(trainer, planted(800, noisy));
    const model = decodeClassifier(encodeClassifier(trained));
    assert.deepEqual(model, trained);
    const classifier = await openClassifier({ onnx: classifierOnnx(model), modelJson: encodeClassifier(model) });
    const value = fc.oneof(fc.float({ noNaN: true, min: -20, max: 20 }), fc.constantFrom(0, -1e30, 1e30, 1e-30));
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(value, { minLength: WIDTH, maxLength: WIDTH }), async (row) => {
          const x = Float32Array.from(row);
          const [[graph], [plain]] = [await classifier.scoreRows(x), plainScores(model, x)];
          assert.ok(Math.abs((graph as number) - (plain as number)) < 1e-6, `${graph} and ${plain}`);
        }),
        { numRuns: 200 },
      );
    } finally {
      await classifier.close();
    }
  });

  test(`${trainer}: equal cases give equal bytes`, () => {
    const bytes = () => encodeClassifier(fit(trainer, planted(500, noisy)));
    assert.ok(bytes().equals(bytes()));
  });
}

test('a model learnt from one class alone answers with what it knows, and no column of one value is asked about', () => {
  const model = fit('boosted-trees', { x: new Float32Array(40), width: WIDTH, labels: new Uint8Array(10) });
  const [probability] = plainScores(model, new Float32Array(WIDTH));
  assert.ok((probability as number) < 0.1);
});

test('a hyper-parameter out of its range, an unknown trainer and no labels are named', () => {
  const cases = planted(50, noisy);
  assert.throws(() => fit('boosted-trees', cases, { depth: 20 }), { code: 'MR_TRAINING_PARAMETER', field: 'depth' });
  assert.throws(() => fit('forest', cases), { code: 'MR_TRAINING_TRAINER_UNKNOWN' });
  const none = { x: new Float32Array(0), width: WIDTH, labels: new Uint8Array(0) };
  assert.throws(() => fit('logistic', none), { code: 'MR_TRAINING_TOO_LITTLE_DATA' });
});

test('a model file with a part missing, or of the wrong size, names the part', () => {
  const file = JSON.parse(encodeClassifier(fit('boosted-trees', planted(200, noisy))).toString('utf8'));
  const broken = (change: object) => () => decodeClassifier(Buffer.from(JSON.stringify({ ...file, ...change })));
  assert.throws(broken({ kind: 'recommender' }), { code: 'MR_TRAINING_MODEL_BROKEN', field: 'model.json/kind' });
  assert.throws(broken({ scorer: { ...file.scorer, leaf: '' } }), { field: 'model.json/leaf' });
  assert.throws(broken({ scorer: { ...file.scorer, column: [99] } }), { field: 'model.json/scorer.column' });
  assert.throws(broken({ calibration: { slope: 'steep' } }), { field: 'model.json/slope' });
});
