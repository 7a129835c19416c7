import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { Lake } from '../lake/port.ts';
import type { ReleaseManifest } from '../registry/release.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { Checkpoint } from './checkpoint.ts';
import { trainClassifier } from './classifier/train.ts';
import { trainRecommender } from './train-recommender.ts';

export interface TrainOptions<U extends UseCase = UseCase> {
  readonly usecase: U;
  readonly lake: Lake;
  readonly objects: ObjectStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress?: (message: string) => void;
  readonly codeCommit: string;
  /** Lake versions to train on, by table. @default the newest */
  readonly at?: Readonly<Record<string, number>>;
  /** Goes on from what an earlier attempt has done. The caller ends it, once it has the release. @default all is done at once */
  readonly checkpoint?: Checkpoint;
}

/**
 * Trains the use case's model by the trainer of its kind and writes a release: files under the hash of their contents.
 * Nothing is registered, so a run killed at any time leaves no release behind, only files that no manifest names. Equal
 * snapshot, definition, seed and code commit give equal files.
 *
 * Parameters are chosen on the older folds; the newest is kept for the metrics that the manifest reports, by a model
 * that saw nothing of it. The shipped model learns from all events.
 * @throws MR_TRAINING_TOO_LITTLE_DATA, MR_TRAINING_INPUTS, MR_TRAINING_DIMENSIONS, MR_TRAINING_PARAMETER
 */
export async function train({ usecase, ...options }: TrainOptions): Promise<ReleaseManifest> {
  return usecase.kind === 'classifier' ? trainClassifier({ usecase, ...options }) : trainRecommender({ usecase, ...options });
}
