import { MillraceError } from '../errors.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import type { LoadedUnit } from '../registry/unit.ts';
import type { Version } from '../registry/version.ts';
import { evaluate } from '../training/evaluate.ts';
import { type Fitted, fit, type Parameters, parametersOf } from '../training/fit.ts';
import type { Interactions } from '../training/interactions.ts';
import { popularityRanker } from '../training/popularity.ts';
import { openRecommender, plainRanker, type Recommender } from '../training/recommender.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { judgeChampion } from './champion.ts';
import type { Check } from './check.ts';
import type { ChampionNote } from './evidence.ts';
import { checkExtraction } from './extraction.ts';
import { checkForgery, forge } from './forgery.ts';
import type { JudgedData } from './judged-data.ts';
import { checkLatency, type Timer } from './latency.ts';
import { checkFloors, checkNotWorse, checkPopularity, checkSegments, noChampion } from './quality.ts';
import { checkReproduction } from './reproduction.ts';

export interface Judged {
  readonly checks: readonly Check[];
  readonly champion: ChampionNote | null;
  readonly notes: readonly string[];
}

export interface JudgeOptions {
  readonly usecase: RecommenderUseCase;
  readonly registry: Pick<Registry, 'loadUnit'>;
  readonly lake: Lake;
  readonly keys: KeyStore;
  readonly version: Version;
  readonly unit: LoadedUnit;
  readonly champion: Version | undefined;
  readonly data: JudgedData;
  readonly timer: Timer;
  onProgress(message: string): void;
}

/**
 * Judges how a recommender answers. The shipped model has learnt from the days it would be judged on, so its parameters are
 * trained once more on the events before them, and that model's lists are judged.
 */
export async function judge(options: JudgeOptions): Promise<Judged> {
  const { usecase, version, unit, champion, data, timer, onProgress } = options;
  const { events, fold, moments, roles } = data;
  const shipped = await openShipped(unit);
  if (!('recommend' in shipped)) return { checks: [shipped], champion: null, notes: [] };
  try {
    const parameters = parametersOf(version.manifest.parameters);
    const train = (on: Interactions, before: number, by: Parameters): Fitted =>
      fit({ events: on, before, parameters: by, roles, minSupport: data.embedding.minSupport, seed: version.manifest.seed });
    onProgress('training the version on the events before the newest fold');
    const past = train(events, fold.origin, parameters);
    const candidate = await evaluate(plainRanker(past.model), moments, past.tastes);
    const popularity = await evaluate(popularityRanker(past.matrix, roles), moments);
    onProgress(
      champion === undefined ? 'there is no champion to compare with' : `judging the champion, version ${champion.version}`,
    );
    const other = champion && (await judgeChampion(options, champion, data, (of) => train(events, fold.origin, of)));
    onProgress('training the version again on the whole snapshot');
    const again = train(events, version.manifest.dataset.until, parameters);
    onProgress('forging accounts that push an item');
    const forgery = forge(usecase, events, past.matrix, fold.origin);
    const forged = train(forgery.events, fold.origin, parameters);
    onProgress('asking until a copy can be made');
    const extraction = await checkExtraction(usecase, shipped, again.model.itemIds, roles, moments, again.tastes);
    onProgress('measuring how long an answer takes');
    const k = usecase.serving.k.default;
    const inputs = moments.map((moment) => new Map([...moment.inputs, [again.tastes.input, again.tastes.of(moment.entity)]]));
    return {
      checks: [
        ...checkFloors(usecase, candidate),
        other === undefined ? noChampion(usecase) : checkNotWorse(usecase, candidate, other.metrics),
        ...checkPopularity(usecase, candidate, popularity),
        ...checkSegments(usecase, candidate),
        await checkReproduction(shipped, again, moments),
        await checkForgery(usecase, candidate, forged, forgery, moments),
        extraction,
        await checkLatency(usecase, (call) => shipped.recommend(inputs[call % inputs.length] ?? new Map(), k), timer),
      ],
      champion: other?.note ?? null,
      notes: other?.remark === undefined ? [] : [other.remark],
    };
  } finally {
    await shipped.close();
  }
}

/** The shipped files as a recommender, or the check that they failed. */
async function openShipped({ files }: LoadedUnit): Promise<Recommender | Check> {
  try {
    return await openRecommender({ onnx: files['model.onnx'], modelJson: files['model.json'] });
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { name: 'loads', passed: false, measured: error.field ?? null, limit: 'a model that loads', reason: error.message };
  }
}

/** Names of the checks that `judge` makes. */
export const recommenderChecks = ({ gate }: RecommenderUseCase): readonly string[] => [
  ...Object.keys(gate.floors).map((metric) => `floor.${metric}`),
  'notWorse',
  ...(gate.beatsPopularity === undefined ? [] : ['beatsPopularity']),
  ...Object.keys(gate.segmentFloors).map((segment) => `segment.${segment}`),
  'reproduction',
  'adversarial',
  'extraction',
  'latency',
];
