import { MillraceError } from '../../errors.ts';
import type { KeyStore } from '../../governance/keys/port.ts';
import type { Lake } from '../../lake/port.ts';
import type { ReleaseManifest } from '../../registry/release.ts';
import type { Version } from '../../registry/version.ts';
import { type ClassifierBacktest, type Examples, openClassifierBacktest } from '../../training/classifier/backtest.ts';
import { type Classifier, openClassifier, plainScores } from '../../training/classifier/classifier.ts';
import type { JudgedScores } from '../../training/classifier/evaluate.ts';
import { type ClassifierParameters, fitClassifier } from '../../training/classifier/fit.ts';
import { bestRule } from '../../training/classifier/rule.ts';
import type { Fold } from '../../training/folds.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import type { Check } from '../check.ts';
import type { ChampionNote } from '../evidence.ts';
import type { Judged } from '../judge.ts';
import type { JudgeRequest, Judging } from '../kinds.ts';
import { checkLatency } from '../latency.ts';
import { noChampion } from '../quality.ts';
import { checkExtraction } from './extraction.ts';
import { checkCeilings, checkFloors, checkNotWorse, checkReproduction, checkRule, checkSegments } from './quality.ts';
import { checkEvasion, checkExtremes, checkFlippedLabels } from './robustness.ts';

/** @throws MR_TRAINING_TOO_LITTLE_DATA, MR_LAKE_VERSION_UNKNOWN */
export async function openClassifierJudging(
  sources: { readonly usecase: ClassifierUseCase; readonly lake: Lake; readonly keys: KeyStore },
  { dataset: { tables } }: Pick<ReleaseManifest, 'dataset'>,
): Promise<Judging> {
  const backtest = await openClassifierBacktest({ ...sources, at: tables });
  const fold = backtest.folds[0] as Fold;
  const judged = backtest.judged(fold);
  return {
    data: { fold, events: backtest.examples, queryHash: backtest.dataset.pin.queryHash },
    cases: judged.events.length,
    judge: (request) => judgeClassifier(sources.usecase, backtest, fold, request),
  };
}

/**
 * Judges how a classifier decides. The shipped model has learnt from the events it would be judged on, so its parameters
 * are trained once more on what was known before them, and that model's probabilities are judged.
 */
async function judgeClassifier(
  usecase: ClassifierUseCase,
  backtest: ClassifierBacktest,
  fold: Fold,
  request: JudgeRequest,
): Promise<Judged> {
  const { version, champion, timer, onProgress } = request;
  const { columns } = backtest.inputs;
  const judged = backtest.judged(fold);
  const learnt = backtest.learnt(fold.origin);
  const shipped = await openShipped(request);
  if (!('scoreRows' in shipped)) return { checks: [shipped], champion: null, notes: [] };
  try {
    const fit = (examples: Pick<Examples, 'x' | 'width' | 'labels'>, of: Pick<ReleaseManifest, 'trainer' | 'parameters'>) =>
      fitClassifier({ examples, columns, trainer: of.trainer, parameters: of.parameters as ClassifierParameters });
    const on = (scores: Float64Array): JudgedScores => ({ scores, labels: judged.labels, segments: judged.segments });
    onProgress('training the version on what was known before the newest fold');
    const past = fit(learnt, version.manifest);
    const candidate = on(plainScores(past, judged.x));
    onProgress(
      champion === undefined ? 'there is no champion to compare with' : `judging the champion, version ${champion.version}`,
    );
    const other =
      champion &&
      (await judgeChampion(
        request,
        champion,
        judged,
        fold,
        () => plainScores(fit(learnt, champion.manifest), judged.x),
        usecase,
      ));
    onProgress('training the version again on the whole snapshot');
    const again = fit(backtest.learnt(backtest.dataset.knownAt), version.manifest);
    onProgress('turning labels, forging events, asking about impossible ones and making a copy');
    const flipped = (labels: Uint8Array) => on(plainScores(fit({ ...learnt, labels }, version.manifest), judged.x));
    const row = (call: number) => {
      const from = (call % judged.events.length) * judged.width;
      return judged.x.subarray(from, from + judged.width);
    };
    return {
      checks: [
        ...checkFloors(usecase, candidate),
        ...checkCeilings(usecase, candidate),
        other === undefined ? noChampion(usecase) : checkNotWorse(usecase, candidate, on(other.scores)),
        ...checkRule(usecase, candidate, on(bestRule(learnt, columns).score(judged.x, judged.width))),
        ...checkSegments(usecase, candidate),
        checkReproduction(await shipped.scoreRows(judged.x), plainScores(again, judged.x)),
        await checkExtremes(shipped, judged),
        checkFlippedLabels(usecase, candidate, learnt.labels, flipped),
        checkEvasion(usecase, past, judged),
        await checkExtraction(usecase, shipped, columns, judged),
        await checkLatency(usecase, (call) => shipped.scoreRows(row(call)), timer),
      ],
      champion: other?.note ?? null,
      notes: other?.remark === undefined ? [] : [other.remark],
    };
  } finally {
    await shipped.close();
  }
}

/** Names of the checks that the judge makes. */
export const classifierChecks = ({ gate }: ClassifierUseCase): readonly string[] => [
  ...Object.keys(gate.floors).map((metric) => `floor.${metric}`),
  ...Object.keys(gate.ceilings).map((metric) => `ceiling.${metric}`),
  'notWorse',
  ...(gate.beatsRule === undefined ? [] : ['beatsRule']),
  ...Object.keys(gate.segmentFloors).map((segment) => `segment.${segment}`),
  'reproduction',
  'extremes',
  'flippedLabels',
  'evasion',
  'extraction',
  'latency',
];

/** The shipped files as a classifier, or the check that they failed. */
async function openShipped({ unit: { files } }: JudgeRequest): Promise<Classifier | Check> {
  try {
    return await openClassifier({ onnx: files['model.onnx'], modelJson: files['model.json'] });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { name: 'loads', passed: false, measured: error.field ?? null, limit: 'a model that loads', reason: error.message };
  }
}

/**
 * The champion on the judged events: as it is served where it knows nothing of them, else its parameters trained again on
 * what was known before them.
 */
async function judgeChampion(
  { registry }: JudgeRequest,
  { version, unitId, manifest }: Version,
  judged: Examples,
  fold: Fold,
  retrained: () => Float64Array,
  { model }: ClassifierUseCase,
): Promise<{ readonly scores: Float64Array; readonly note: ChampionNote; readonly remark: string | undefined }> {
  let remark: string | undefined;
  if (manifest.dataset.until <= fold.origin && manifest.inputs.join() === model.inputs.join()) {
    try {
      const { files } = await registry.loadUnit(unitId);
      const classifier = await openClassifier({ onnx: files['model.onnx'], modelJson: files['model.json'] });
      try {
        return { scores: await classifier.scoreRows(judged.x), note: { version, unitId, as: 'served' }, remark };
      } finally {
        await classifier.close();
      }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // A broken champion must not keep its successor out.
      remark = `the champion could not be judged as it is served: ${error.code}: ${error.message}`;
    }
  }
  return { scores: retrained(), note: { version, unitId, as: 'retrained' }, remark };
}
