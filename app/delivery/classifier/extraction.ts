import type { Examples } from '../../training/classifier/backtest.ts';
import type { Classifier } from '../../training/classifier/classifier.ts';
import type { Column } from '../../training/classifier/columns.ts';
import { seededRandom } from '../../training/random.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { atMost, type Check } from '../check.ts';
import { leastCaught } from './robustness.ts';

/** Answers that the copy takes the mean of, and events that it is held against. */
const NEIGHBOURS = 5;
const EVENTS = 1_000;

/**
 * Model extraction through the public route (Tramèr et al., "Stealing machine learning models via prediction APIs", USENIX
 * Security 2016), by one client with as many questions as the gate counts on. It sends events with fields of its choice and
 * keeps the probabilities as the route rounds them; the copy answers with the mean of the nearest of those events. What is
 * measured is how far its decisions agree with the model's beyond chance (Cohen's kappa): 1 is a copy, 0 knows nothing.
 */
export async function checkExtraction(
  { gate, model, serving }: ClassifierUseCase,
  shipped: Pick<Classifier, 'scoreRows'>,
  columns: readonly Column[],
  judged: Pick<Examples, 'x' | 'width' | 'labels'>,
): Promise<Check> {
  const { queries, maxCopied, chosen } = gate.adversarial;
  const { x, width } = judged;
  const rows = judged.labels.length;
  const own = columns.flatMap(({ input }, column) => ((chosen as readonly string[]).includes(input) ? [column] : []));
  const random = seededRandom(model.seed);
  const any = () => Math.floor(random() * rows);
  // Accounts of its own have a history like others' have; the fields it makes up.
  const asked = new Float32Array(queries * width);
  for (let query = 0; query < queries; query += 1) {
    const history = any();
    asked.set(x.subarray(history * width, (history + 1) * width), query * width);
    for (const column of own) asked[query * width + column] = x[any() * width + column] as number;
  }
  const told = (await shipped.scoreRows(asked)).map((score) => Number(score.toFixed(serving.probabilityDigits)));
  const threshold = leastCaught(serving.decisions);
  const guess = nearest(asked, told, width, own);
  const some = Math.min(rows, EVENTS);
  const decided = await shipped.scoreRows(x.subarray(0, some * width));
  const pairs = Array.from(decided, (score, row) => ({
    model: score >= threshold,
    copy: guess(x.subarray(row * width, (row + 1) * width)) >= threshold,
  }));
  const what = `agreement beyond chance of a copy made of ${queries} answers, over ${some} events,`;
  return atMost('extraction', Math.max(0, kappa(pairs)), maxCopied, what);
}

/** The mean answer of the nearest questions, by the given columns alone, each as wide as its spread. */
function nearest(asked: Float32Array, told: Float64Array, width: number, own: readonly number[]): (row: Float32Array) => number {
  const plain = (row: ArrayLike<number>, from = 0) => own.map((column) => Math.asinh(row[from + column] as number));
  const points = Array.from(told, (_, query) => plain(asked, query * width));
  const spread = own.map((_, at) => {
    const values = points.map((point) => point[at] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)) || 1;
  });
  return (row) => {
    const here = plain(row);
    const far = points.map((point, query) => ({
      answer: told[query] as number,
      distance: point.reduce((sum, value, at) => sum + ((value - (here[at] as number)) / (spread[at] as number)) ** 2, 0),
    }));
    const close = far.sort((a, b) => a.distance - b.distance).slice(0, NEIGHBOURS);
    return close.reduce((sum, { answer }) => sum + answer, 0) / Math.max(1, close.length);
  };
}

/** 0 where both always say the same one thing: there is nothing to agree on. */
function kappa(pairs: readonly { readonly model: boolean; readonly copy: boolean }[]): number {
  const share = (holds: (pair: (typeof pairs)[number]) => boolean) => pairs.filter(holds).length / Math.max(1, pairs.length);
  const [one, other] = [share(({ model }) => model), share(({ copy }) => copy)];
  const chance = one * other + (1 - one) * (1 - other);
  return chance >= 1 ? 0 : (share(({ model, copy }) => model === copy) - chance) / (1 - chance);
}
