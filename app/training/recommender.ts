import { InferenceSession, Tensor } from 'onnxruntime-node';
import { trainingError } from './errors.ts';
import { decodeModelFile, type RecommenderModel } from './model-file.ts';
import { type ModelInputs, type Query, queries } from './query.ts';
import { rankItems } from './rank.ts';

export interface Ranked {
  readonly items: readonly string[];
  /** One score an item, best first. */
  readonly scores: readonly number[];
  /** How well the model foresaw the user's latest clicks, from 0 to 1; see query.ts. */
  readonly confidence: number;
}

/** What evaluation needs of a model: lists for users. */
export interface Ranker {
  readonly catalogueSize: number;
  /** At most k items, without the user's recent ones. @throws MR_TRAINING_DIMENSIONS for an unfit vector */
  recommend(inputs: ModelInputs, k: number): Ranked | Promise<Ranked>;
}

export interface PlainRanker extends Ranker {
  recommend(inputs: ModelInputs, k: number): Ranked;
}

export interface Recommender extends Ranker {
  recommend(inputs: ModelInputs, k: number): Promise<Ranked>;
  /** The most popular items without the excluded ones, most popular first. */
  popular(k: number, exclude: ReadonlySet<string>): readonly string[];
  readonly itemIds: readonly string[];
  /** `view.feature` that the model reads. */
  readonly inputs: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens a release's model for answering. One thread a session: the server's requests are the parallelism.
 * @throws MR_TRAINING_MODEL_BROKEN where either file cannot be used or they do not fit each other
 */
export async function openRecommender(files: { readonly onnx: Buffer; readonly modelJson: Buffer }): Promise<Recommender> {
  const model = decodeModelFile(files.modelJson);
  const session = await openSession(files.onnx);
  const toQuery = queries(model);
  return {
    catalogueSize: model.itemIds.length,
    itemIds: model.itemIds,
    inputs: Object.values(model.roles),
    async recommend(inputs, k) {
      const query = toQuery(inputs);
      const [ranked] = await runGraph(session, model, [query], k);
      if (ranked === undefined) throw new RangeError('the graph answered no row for its one query');
      return { ...named(model, ranked), confidence: query.confidence };
    },
    popular: (k, exclude) => model.itemIds.filter((id) => !exclude.has(id)).slice(0, k),
    close: () => session.release(),
  };
}

/** The same answers by the plain calculation, without a session to close. Scores agree within float32 rounding. */
export function plainRanker(model: RecommenderModel): PlainRanker {
  const toQuery = queries(model);
  return {
    catalogueSize: model.itemIds.length,
    recommend(inputs, k) {
      const query = toQuery(inputs);
      return { ...named(model, rankItems(model, query, k)), confidence: query.confidence };
    },
  };
}

/** @throws MR_TRAINING_MODEL_BROKEN */
export async function openSession(onnx: Buffer): Promise<InferenceSession> {
  // Else the runtime gives this machine an id and tells its makers of each session; it asks when the first one opens.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    return await InferenceSession.create(onnx, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw trainingError('MR_TRAINING_MODEL_BROKEN', `model.onnx does not load: ${why}`, { field: 'model.onnx', cause });
  }
}

/** One run for a batch of users; a row per user, its seen items and what lies behind them left out. */
export async function runGraph(session: InferenceSession, model: RecommenderModel, batch: readonly Query[], k: number) {
  const [b, d, n] = [batch.length, model.dimensions, model.itemIds.length];
  const user = new Float32Array(b * d);
  // At least one column, so that a batch in which nobody has seen anything has a shape as well.
  const width = Math.max(1, ...batch.map(({ seen }) => seen.length));
  const seen = new BigInt64Array(b * width).fill(BigInt(n));
  batch.forEach((query, row) => {
    user.set(query.vector, row * d);
    query.seen.forEach((item, column) => {
      seen[row * width + column] = BigInt(item);
    });
  });
  const outputs = await session.run({
    user: new Tensor('float32', user, [b, d]),
    seen: new Tensor('int64', seen, [b, width]),
    activity: new Tensor(
      'float32',
      Float32Array.from(batch, ({ activity }) => activity),
      [b, 1],
    ),
    k: new Tensor('int64', BigInt64Array.of(BigInt(Math.max(0, Math.floor(k)))), [1]),
  });
  const items = outputs.items?.data as BigInt64Array;
  const scores = outputs.scores?.data as Float32Array;
  const length = items.length / b;
  return batch.map((_, row) => {
    const rowScores = scores.subarray(row * length, (row + 1) * length);
    // Seen items sink to the end: -inf is below every score.
    const open = rowScores.indexOf(Number.NEGATIVE_INFINITY);
    const kept = open === -1 ? length : open;
    return {
      items: Array.from(items.subarray(row * length, row * length + kept), Number),
      scores: Array.from(rowScores.subarray(0, kept)),
    };
  });
}

const named = (model: RecommenderModel, ranked: { readonly items: readonly number[]; readonly scores: readonly number[] }) => ({
  items: ranked.items.map((item) => model.itemIds[item] as string),
  scores: ranked.scores,
});
