import { viewHash } from '../../features/view-hash.ts';
import type { Evaluation, ReleaseManifest } from '../../registry/release.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { type CardSubject, modelCard } from '../card.ts';
import { once } from '../checkpoint.ts';
import type { Fold } from '../folds.ts';
import { classifierOnnx } from '../onnx/classifier-graph.ts';
import { encodeProfile, sampleIndexes } from '../profile.ts';
import { addressOf, writeRelease } from '../release-files.ts';
import { schemaHash } from '../schema-hash.ts';
import { thresholdsOf } from '../thresholds.ts';
import type { TrainOptions } from '../train.ts';
import { type ClassifierBacktest, type Examples, onlyRows, openClassifierBacktest } from './backtest.ts';
import { openClassifier, plainScores } from './classifier.ts';
import { summarise } from './evaluate.ts';
import { type ClassifierParameters, fitClassifier } from './fit.ts';
import { type ClassifierModel, encodeClassifier } from './model-file.ts';
import { bestRule } from './rule.ts';
import { searchClassifier } from './search.ts';

/** Trains a classifier; see `train`. @throws MR_TRAINING_TOO_LITTLE_DATA, MR_TRAINING_INPUTS, MR_TRAINING_PARAMETER */
export async function trainClassifier(options: TrainOptions<ClassifierUseCase>): Promise<ReleaseManifest> {
  const { usecase, lake, objects, keys, logger, onProgress = () => undefined } = options;
  const { model } = usecase;
  const started = performance.now();
  onProgress('reading the pinned snapshot');
  const attempt = (await options.checkpoint?.attempt({ ...options, at: options.at })) ?? once(options.at);
  const backtest = await openClassifierBacktest({ usecase, lake, keys, ...(attempt.at === undefined ? {} : { at: attempt.at }) });
  const { dataset, folds, inputs } = backtest;
  const { pin, ...before } = await attempt.goOn({ pin: dataset.pin, knownAt: dataset.knownAt });
  const fit = (examples: Examples, parameters: ClassifierParameters, calibrated = true) =>
    fitClassifier({ examples, columns: inputs.columns, trainer: model.trainer.name, parameters, calibrated });
  // With one fold only there is nothing to hold back, and its metrics are those of the choice.
  const older = folds.length > 1 ? folds.slice(1) : folds;
  const { best, trials } = await searchClassifier({
    ...before,
    space: model.trainer.search,
    objective: model.objective,
    seed: model.seed,
    folds: older.map((fold) => ({ learnt: backtest.learnt(fold.origin), judged: backtest.judged(fold) })),
    fit: (learnt, parameters) => fit(learnt, parameters, false),
    onTrial: ({ score, stopped }, number, of) =>
      onProgress(`trial ${number} of ${of}: ${model.objective} ${score.toFixed(4)}${stopped ? ', stopped early' : ''}`),
  });
  const newest = folds[0] as Fold;
  onProgress('judging the choice on the newest fold');
  const past = fit(backtest.learnt(newest.origin), best);
  const judged = await judge(usecase, backtest, newest, past);
  onProgress('training on all events');
  const shipped = fit(backtest.learnt(dataset.knownAt), best);
  onProgress('making the reference profile');
  const profile = await makeProfile(usecase, backtest, newest, (learnt) => fit(learnt, best));
  const subject: CardSubject = {
    usecase: usecase.name,
    model: model.name,
    trainer: model.trainer.name,
    inputs: model.inputs,
    featureViews: Object.fromEntries(usecase.views.map((view) => [view.name, viewHash(view)])),
    schemaHash: schemaHash(usecase),
    dataset: pin,
    parameters: { ...best },
    search: { trials: trials.length, folds: folds.length },
    seed: model.seed,
    codeCommit: options.codeCommit,
    metrics: judged.metrics,
    baseline: judged.baseline,
    thresholds: thresholdsOf(usecase),
  };
  const bytes = {
    'model.onnx': classifierOnnx(shipped),
    'model.json': encodeClassifier(shipped),
    'profile.json': profile,
    'card.md': Buffer.from(modelCard(usecase, subject, { from: newest.origin, until: newest.end }), 'utf8'),
  };
  const address = addressOf(model.name, bytes);
  onProgress('writing files');
  await writeRelease(objects, address, bytes);
  const seconds = (performance.now() - started) / 1000;
  logger.info({ prefix: address.prefix, rows: dataset.pin.rows, trials: trials.length, seconds }, 'trained');
  return { ...subject, createdAt: options.clock.now(), ...address };
}

/** The parameters on the fold that the search did not see, through the graph that is served, beside the best rule. */
async function judge(
  { model }: ClassifierUseCase,
  { inputs, learnt, judged }: ClassifierBacktest,
  fold: Fold,
  past: ClassifierModel,
): Promise<{ readonly metrics: Evaluation; readonly baseline: Evaluation }> {
  const { x, width, labels, segments } = judged(fold);
  const classifier = await openClassifier({ onnx: classifierOnnx(past), modelJson: encodeClassifier(past) });
  try {
    const names = Object.keys(model.segments);
    const scores = await classifier.scoreRows(x);
    const rule = bestRule(learnt(fold.origin), inputs.columns).score(x, width);
    return {
      metrics: summarise({ scores, labels, segments }, names, model.seed),
      baseline: summarise({ scores: rule, labels, segments }, names, model.seed),
    };
  } finally {
    await classifier.close();
  }
}

/**
 * What the model would have read at the newest events, sampled as the drift monitor samples predictions. Probabilities of
 * the newest fold are cross-fitted: each half of its events is scored by a model that learnt from all but that half, so
 * that it knows the fold's ways as the shipped model does, and not the events themselves.
 */
async function makeProfile(
  usecase: ClassifierUseCase,
  { dataset, examples, judged, valuesOf }: ClassifierBacktest,
  newest: Fold,
  fit: (learnt: Examples) => ClassifierModel,
): Promise<Buffer> {
  const { window } = usecase.monitors;
  const number = new Map<string, number>();
  const user = Int32Array.from(examples.events, ({ entity }) => {
    const known = number.get(entity) ?? number.size;
    number.set(entity, known);
    return known;
  });
  const hit = new Uint8Array(user.length).fill(1);
  const sample = sampleIndexes({ user, at: examples.at, hit }, { from: 0, window, rows: usecase.model.profileRows });
  const values = await valuesOf(sample.map((index) => examples.events[index] as (typeof examples.events)[number]));
  const first = examples.events.length - judged(newest).events.length;
  const halves = [0, 1].map((half) => {
    const learnt = onlyRows(examples, (index) => index < first || index % 2 !== half);
    const asked = onlyRows(examples, (index) => index >= first && index % 2 === half);
    return plainScores(fit(learnt), asked.x);
  });
  const nth = (index: number) => Math.floor(index / 2) - Math.floor((first + 1 - (index % 2)) / 2);
  const confidences = sample.flatMap((index) => (index < first ? [] : [halves[index % 2]?.[nth(index)] as number]));
  const from = examples.at[sample[0] ?? 0] ?? newest.origin;
  return encodeProfile(usecase, { from, until: dataset.pin.until }, values, confidences);
}
