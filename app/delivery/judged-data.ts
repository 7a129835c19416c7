import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { ReleaseManifest } from '../registry/release.ts';
import { openBacktest } from '../training/backtest.ts';
import type { Moment } from '../training/evaluate.ts';
import type { Fold } from '../training/folds.ts';
import type { InputRoles } from '../training/inputs.ts';
import type { Interactions } from '../training/interactions.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';

/** What a version and its champion are judged on: the same events, the same fold, the same moments. */
export interface JudgedData {
  readonly events: Interactions;
  /** The newest one. */
  readonly fold: Fold;
  readonly moments: readonly Moment[];
  readonly roles: InputRoles;
  readonly embedding: EmbeddingView;
  /** Of the query that read the events. */
  readonly queryHash: string;
}

/** Reads the snapshot that the version was trained on, as its trainer did. @throws MR_TRAINING_TOO_LITTLE_DATA, MR_LAKE_VERSION_UNKNOWN */
export async function readJudgedData(
  { usecase, lake, keys }: { readonly usecase: RecommenderUseCase; readonly lake: Lake; readonly keys: KeyStore },
  { dataset: { tables } }: Pick<ReleaseManifest, 'dataset'>,
): Promise<JudgedData> {
  const { dataset, inputs, folds, prepare } = await openBacktest({ usecase, lake, keys, at: tables });
  const [newest] = folds;
  if (newest === undefined) throw new RangeError('a plan of folds holds one at least');
  const { moments } = await prepare(newest);
  const { roles, embedding } = inputs;
  return { events: dataset.events, fold: newest, moments, roles, embedding, queryHash: dataset.pin.queryHash };
}
