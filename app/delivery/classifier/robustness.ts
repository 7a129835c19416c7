import type { Examples } from '../../training/classifier/backtest.ts';
import { type Classifier, plainScores } from '../../training/classifier/classifier.ts';
import { type JudgedScores, metricOf } from '../../training/classifier/evaluate.ts';
import type { ClassifierModel } from '../../training/classifier/model-file.ts';
import { seededRandom, shuffled } from '../../training/random.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { atMost, type Check } from '../check.ts';

/** Far outside of anything that was learnt from; the greatest that an encoded column can hold. */
const EXTREMES = [-1e30, -1, 0, 1, 1e30] as const;

/** Whatever stands in the columns, the answer is a probability: each column at its extremes, alone and all together. */
export async function checkExtremes(
  shipped: Pick<Classifier, 'scoreRows'>,
  { x, width }: Pick<Examples, 'x' | 'width'>,
): Promise<Check> {
  const usual = x.subarray(0, width);
  const rows: Float32Array[] = [];
  for (const extreme of EXTREMES) {
    rows.push(new Float32Array(width).fill(extreme));
    for (let column = 0; column < width; column += 1) {
      const row = Float32Array.from(usual);
      row[column] = extreme;
      rows.push(row);
    }
  }
  const scores = await shipped.scoreRows(Float32Array.from(rows.flatMap((row) => [...row])));
  const wrong = scores.filter((score) => !(score >= 0 && score <= 1)).length;
  return atMost('extremes', wrong, 0, `answers that are no probability, of ${rows.length} impossible events,`);
}

/**
 * Label flipping (Biggio, Nelson and Laskov, "Support vector machines under adversarial label noise", ACML 2011): a share
 * of the events of the class is reported as harmless before training. The objective may fall by at most `maxLoss`.
 */
export function checkFlippedLabels(
  { gate, model }: ClassifierUseCase,
  honest: JudgedScores,
  labels: Uint8Array,
  trainOn: (labels: Uint8Array) => JudgedScores,
): Check {
  const { flippedShare, maxLoss } = gate.adversarial;
  const positives = [...labels.keys()].filter((index) => labels[index] === 1);
  const turned = shuffled(positives, seededRandom(model.seed)).slice(0, Math.ceil(positives.length * flippedShare));
  const flipped = Uint8Array.from(labels);
  for (const index of turned) flipped[index] = 0;
  const loss = metricOf(model.objective, honest) - metricOf(model.objective, trainOn(flipped));
  const what = `loss of ${model.objective} when ${turned.length} of ${positives.length} events of the class are called harmless:`;
  return atMost('flippedLabels', loss, maxLoss, what);
}

/**
 * Evasion (Biggio et al., "Evasion attacks against machine learning at test time", 2013): whoever sends an event chooses
 * some of its fields, but not the history that the windowed features tell. Each caught event takes those of a harmless one; the share that then slips through may be at most `maxEvasion`.
 */
export function checkEvasion({ gate, model, serving }: ClassifierUseCase, past: ClassifierModel, judged: Examples): Check {
  const threshold = leastCaught(serving.decisions);
  const { chosen, maxEvasion } = gate.adversarial;
  const own = past.columns.flatMap(({ input }, column) => (chosen.includes(input) ? [column] : []));
  const scores = plainScores(past, judged.x);
  const caught = [...judged.labels.keys()].filter((row) => judged.labels[row] === 1 && (scores[row] as number) >= threshold);
  const harmless = [...judged.labels.keys()].filter((row) => judged.labels[row] === 0);
  const random = seededRandom(model.seed);
  const { width } = judged;
  const forged = new Float32Array(caught.length * width);
  for (const [index, row] of caught.entries()) {
    forged.set(judged.x.subarray(row * width, (row + 1) * width), index * width);
    const donor = harmless[Math.floor(random() * harmless.length)] ?? row;
    for (const column of own) forged[index * width + column] = judged.x[donor * width + column] as number;
  }
  const slipped = plainScores(past, forged).filter((score) => score < threshold).length;
  const what = `share of ${caught.length} caught events that slip through once they look like harmless ones:`;
  return atMost('evasion', caught.length === 0 ? 0 : slipped / caught.length, maxEvasion, what);
}

/** The least probability whose decision is not the mildest. */
export function leastCaught(decisions: Readonly<Record<string, number>>): number {
  const [, second] = Object.values(decisions).sort((a, b) => a - b);
  return second ?? 0.5;
}
