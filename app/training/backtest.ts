import { historicalFeatures } from '../features/historical.ts';
import type { FeatureValue } from '../features/value.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { micros } from '../usecases/window.ts';
import { type Dataset, labelTable, loadDataset } from './dataset.ts';
import { trainingError } from './errors.ts';
import { type Fitted, fit, type Parameters, parametersOf } from './fit.ts';
import { completeMoments, draftMoments, type Fold, planFolds } from './folds.ts';
import { type RecommenderInputs, recommenderInputs } from './inputs.ts';
import type { SearchFold } from './search.ts';

export interface BacktestOptions {
  readonly usecase: RecommenderUseCase;
  readonly lake: Lake;
  readonly keys: Pick<KeyStore, 'erased'>;
  /** Pinned versions by table, e.g. `dataset.tables` of a manifest; newest where left out. */
  readonly at?: Readonly<Record<string, number>>;
}

/** The past as a model would have met it: what to learn from before an origin, and moments after it to be judged on. */
export interface Backtest {
  readonly dataset: Dataset;
  readonly inputs: RecommenderInputs;
  /** Newest first. */
  readonly folds: readonly Fold[];
  /** The fold with the features of its moments as of each moment. */
  prepare(fold: Fold): Promise<SearchFold>;
  /** Trains on everything before `before`; numbers by name as in `manifest.parameters`. */
  fit(before: number, parameters: Readonly<Record<string, number>> | Parameters): Fitted;
}

/**
 * Opens the pinned past of the use case. The trainer and the gate judge models on the same moments through it.
 * @throws MR_TRAINING_TRAINER_UNKNOWN, MR_TRAINING_INPUTS, MR_TRAINING_DIMENSIONS, MR_TRAINING_TOO_LITTLE_DATA
 */
export async function openBacktest(options: BacktestOptions): Promise<Backtest> {
  const { usecase, lake } = options;
  const { model } = usecase;
  const inputs = recommenderInputs(usecase);
  checkTrainer(usecase, inputs);
  const at = options.at === undefined ? {} : { at: options.at };
  const dataset = await loadDataset({ usecase, lake, erased: await options.keys.erased(), ...at });
  const folds = planFolds(dataset.events, { count: model.folds.count, horizon: micros(model.folds.horizon) });
  const features = featureReader(usecase, lake, inputs, dataset);
  return {
    dataset,
    inputs,
    folds,
    async prepare(fold) {
      const drafts = draftMoments(dataset.events, fold, model.segments);
      const values = await features(drafts);
      return { ...fold, moments: completeMoments(drafts, values, inputs.roles.recent) };
    },
    fit: (before, parameters) =>
      fit({
        events: dataset.events,
        before,
        parameters: parametersOf({ ...parameters }),
        roles: inputs.roles,
        minSupport: inputs.embedding.minSupport,
        seed: model.seed,
      }),
  };
}

/** `view.feature` → value of every feature of the views, as of each entity's moment, from the pinned version. */
export function featureReader(
  usecase: RecommenderUseCase,
  lake: Lake,
  { windowed }: Pick<RecommenderInputs, 'windowed'>,
  dataset: Dataset,
): (spine: readonly { readonly entity: string; readonly at: number }[]) => Promise<readonly ReadonlyMap<string, FeatureValue>[]> {
  return async (spine) => {
    const joined = spine.map(() => new Map<string, FeatureValue>());
    for (const view of windowed) {
      const pinned = `${usecase.name}.${view.source.name}` === labelTable(usecase) ? { version: dataset.version } : {};
      const rows = await historicalFeatures(lake, {
        usecase,
        view,
        spine: spine.map(({ entity, at }) => ({ entity, at })),
        ...pinned,
      });
      for (const [index, row] of rows.entries()) {
        for (const [feature, value] of Object.entries(row)) joined[index]?.set(`${view.name}.${feature}`, value);
      }
    }
    return joined;
  };
}

function checkTrainer({ name, model }: RecommenderUseCase, { embedding }: RecommenderInputs): void {
  if (model.trainer.name !== 'als') {
    throw trainingError('MR_TRAINING_TRAINER_UNKNOWN', `no trainer is called '${model.trainer.name}'`, {
      field: `${name}.model.trainer`,
      value: model.trainer.name,
      expected: 'als',
    });
  }
  const unfit = model.trainer.search.parameters.factors?.find((factors) => factors !== embedding.dimensions);
  if (unfit === undefined) return;
  throw trainingError(
    'MR_TRAINING_DIMENSIONS',
    `factors may be ${unfit}, but ${embedding.name} holds ${embedding.dimensions} numbers`,
    {
      field: `${name}.model.trainer.factors`,
      value: unfit,
      expected: String(embedding.dimensions),
    },
  );
}
