import { viewHash } from '../features/view-hash.ts';
import { type Evaluation, embeddingUnit, type ReleaseManifest } from '../registry/release.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { type Backtest, featureReader, openBacktest } from './backtest.ts';
import { type CardSubject, modelCard } from './card.ts';
import { once } from './checkpoint.ts';
import { writeEmbeddings } from './embeddings.ts';
import { evaluate, summarise } from './evaluate.ts';
import type { Fitted, Parameters } from './fit.ts';
import { encodeModelFile } from './model-file.ts';
import { recommenderOnnx } from './onnx/recommender-graph.ts';
import { popularityRanker } from './popularity.ts';
import { encodeProfile, sampleMoments } from './profile.ts';
import { queries } from './query.ts';
import { openRecommender } from './recommender.ts';
import { addressOf, writeRelease } from './release-files.ts';
import { schemaHash } from './schema-hash.ts';
import { type SearchFold, type SearchOptions, search } from './search.ts';
import { thresholdsOf } from './thresholds.ts';
import type { TrainOptions } from './train.ts';
import type { Trial } from './trials.ts';

/**
 * Trains a recommender and writes a release: files under the hash of their contents, sealed user vectors under
 * the same hash. Nothing is registered, so a run killed at any time leaves no release behind, only files that no
 * manifest names. Equal snapshot, definition, seed and code commit give equal files.
 *
 * Parameters are chosen on the older folds; the newest is kept for the metrics that the manifest reports, by a model
 * that saw nothing of it. The shipped model learns from all events.
 * @throws MR_TRAINING_TOO_LITTLE_DATA, MR_TRAINING_INPUTS, MR_TRAINING_DIMENSIONS, MR_TRAINING_PARAMETER
 */
export async function trainRecommender(options: TrainOptions<RecommenderUseCase>): Promise<ReleaseManifest> {
  const { usecase, lake, objects, keys, logger, onProgress = () => undefined } = options;
  const started = performance.now();
  onProgress('reading the pinned snapshot');
  const attempt = (await options.checkpoint?.attempt({ ...options, at: options.at })) ?? once(options.at);
  const backtest = await openBacktest({ usecase, lake, keys, ...(attempt.at === undefined ? {} : { at: attempt.at }) });
  const { dataset, folds, inputs } = backtest;
  const { pin, ...before } = await attempt.goOn({ pin: dataset.pin });
  const { trials, best } = await chooseParameters(usecase, backtest, onProgress, before);
  const newest = await backtest.prepare(folds[0] ?? { origin: 0, end: 0 });
  onProgress('judging the choice on the newest fold');
  const judged = await judge(usecase, backtest, newest, best);
  onProgress('training on all events');
  const fitted = backtest.fit(dataset.pin.until, best);
  onProgress('making the reference profile');
  const profile = await makeProfile(options, backtest, newest, judged.fitted);
  const subject: CardSubject = {
    usecase: usecase.name,
    model: usecase.model.name,
    trainer: usecase.model.trainer.name,
    inputs: usecase.model.inputs,
    featureViews: Object.fromEntries(usecase.views.map((view) => [view.name, viewHash(view)])),
    schemaHash: schemaHash(usecase),
    dataset: pin,
    parameters: { ...best },
    search: { trials: trials.length, folds: folds.length },
    seed: usecase.model.seed,
    codeCommit: options.codeCommit,
    metrics: judged.metrics,
    baseline: judged.baseline,
    thresholds: thresholdsOf(usecase),
  };
  const bytes = {
    'model.onnx': recommenderOnnx(fitted.model),
    'model.json': encodeModelFile(fitted.model),
    'profile.json': profile,
    'card.md': Buffer.from(modelCard(usecase, subject, { from: newest.origin, until: newest.end }), 'utf8'),
  };
  const address = addressOf(usecase.model.name, bytes);
  onProgress('writing files and user vectors');
  await writeRelease(objects, address, bytes);
  const createdAt = options.clock.now();
  const unit = embeddingUnit(address);
  const vectors = await writeEmbeddings({ usecase, view: inputs.embedding, lake, keys, unit, fitted, at: createdAt });
  logger.info(
    { unit, rows: dataset.pin.rows, trials: trials.length, vectors, seconds: (performance.now() - started) / 1000 },
    'trained',
  );
  return { ...subject, createdAt, ...address };
}

async function chooseParameters(
  { model }: RecommenderUseCase,
  { folds, prepare, fit }: Backtest,
  onProgress: (message: string) => void,
  before: Pick<SearchOptions, 'done' | 'save'>,
): Promise<{ readonly best: Parameters; readonly trials: readonly Trial<Parameters>[] }> {
  // With one fold only there is nothing to hold back, and its metrics are those of the choice.
  const older = folds.length > 1 ? folds.slice(1) : folds;
  const prepared: SearchFold[] = [];
  for (const fold of older) prepared.push(await prepare(fold));
  return search({
    ...before,
    space: model.trainer.search,
    objective: model.objective,
    seed: model.seed,
    folds: prepared,
    fit: ({ origin }, parameters) => fit(origin, parameters),
    onTrial: ({ score, stopped }, number, of) =>
      onProgress(`trial ${number} of ${of}: ${model.objective} ${score.toFixed(4)}${stopped ? ', stopped early' : ''}`),
  });
}

/** The parameters on the fold that the search did not see, through the graph that is served, beside the baseline. */
async function judge(
  { model }: RecommenderUseCase,
  { fit, inputs }: Backtest,
  fold: SearchFold,
  parameters: Parameters,
): Promise<{ readonly fitted: Fitted; readonly metrics: Evaluation; readonly baseline: Evaluation }> {
  const fitted = fit(fold.origin, parameters);
  const recommender = await openRecommender({ onnx: recommenderOnnx(fitted.model), modelJson: encodeModelFile(fitted.model) });
  try {
    const segments = Object.keys(model.segments);
    const ours = await evaluate(recommender, fold.moments, fitted.tastes);
    const popular = await evaluate(popularityRanker(fitted.matrix, inputs.roles), fold.moments);
    return { fitted, metrics: summarise(ours, segments, model.seed), baseline: summarise(popular, segments, model.seed) };
  } finally {
    await recommender.close();
  }
}

/**
 * Features at the newest label moments; confidence at those of them that lie in the newest fold, by the model that was
 * trained before it: the shipped model has seen these clicks and would be surer of them than of any to come.
 */
async function makeProfile(
  { usecase, lake }: TrainOptions<RecommenderUseCase>,
  { dataset, inputs }: Backtest,
  newest: SearchFold,
  { model, tastes }: Fitted,
): Promise<Buffer> {
  const { window } = usecase.monitors;
  const sample = sampleMoments(dataset.events, { from: 0, window, rows: usecase.model.profileRows });
  const { joinKey } = inputs.embedding.entity;
  const windowed = usecase.views.filter((view) => view.kind === 'windowed').filter(({ entity }) => entity.joinKey === joinKey);
  const values = await featureReader(usecase, lake, { windowed }, dataset)(sample);
  const toQuery = queries(model);
  const confidences = sample.flatMap(({ entity, at }, index) => {
    if (at < newest.origin) return [];
    return [toQuery(new Map([...(values[index] ?? []), [tastes.input, tastes.of(entity)]])).confidence];
  });
  const from = sample[0]?.at ?? newest.origin;
  return encodeProfile(usecase, { from, until: dataset.pin.until }, values, confidences);
}
