import type { FeatureValue } from '../features/value.ts';
import { dot } from './cholesky.ts';
import { trainingError } from './errors.ts';
import { foldIn } from './fold-in.ts';
import type { RecommenderModel } from './model-file.ts';

/** `view.feature` → value. What is absent or null is unknown: no taste, no recent items, no events. */
export type ModelInputs = ReadonlyMap<string, FeatureValue>;

/** A user as the scoring graph takes it. */
export interface Query {
  readonly vector: Float32Array;
  /** Distinct indexes of the recent items that the model knows, newest first. */
  readonly seen: readonly number[];
  readonly activity: number;
  readonly confidence: number;
}

/** Turns features into queries of one model. @throws MR_TRAINING_DIMENSIONS for a vector of another length or not finite */
export function queries(model: RecommenderModel): (inputs: ModelInputs) => Query {
  const index = new Map(model.itemIds.map((id, position) => [id, position]));
  return (inputs) => {
    const taste = tasteOf(model, inputs.get(model.roles.taste));
    const list = inputs.get(model.roles.recent);
    const recent = Array.isArray(list) ? (list as readonly string[]) : [];
    const known = recent.flatMap((id) => index.get(id) ?? []);
    const activity = inputs.get(model.roles.activity);
    return {
      vector: foldIn(model, taste, known),
      seen: [...new Set(known)],
      activity: typeof activity === 'number' ? Math.max(0, activity) : 0,
      confidence: foresight(
        model,
        taste,
        [...new Set(recent)].map((id) => index.get(id)),
      ),
    };
  };
}

function tasteOf(model: RecommenderModel, value: FeatureValue | undefined): Float32Array | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Float32Array && value.length === model.dimensions && value.every(Number.isFinite)) return value;
  const found = value instanceof Float32Array ? `${value.length} numbers` : typeof value;
  throw trainingError('MR_TRAINING_DIMENSIONS', `${model.roles.taste} is ${found}; expected ${model.dimensions} finite numbers`, {
    field: model.roles.taste,
    value: found,
    expected: `a Float32Array of ${model.dimensions} finite numbers`,
  });
}

/**
 * How well the model foresaw what the user just did, from 0 to 1: the mean predicted preference, cut to [0, 1], of the
 * newer half of the user's distinct recent items, by the learnt taste or, where there is none, by the older half folded
 * in. An item the model does not know counts 0, and so does a user without recent items. It falls when users turn to
 * what the model has not learnt, before any label tells.
 */
function foresight(model: RecommenderModel, taste: Float32Array | null, recent: readonly (number | undefined)[]): number {
  const newer = recent.slice(0, Math.ceil(recent.length / 2));
  if (newer.length === 0) return 0;
  const older = recent.slice(newer.length).filter((item) => item !== undefined);
  const basis = taste ?? foldIn(model, null, older);
  let sum = 0;
  for (const item of newer) {
    if (item === undefined) continue;
    sum += Math.min(1, Math.max(0, dot(basis, 0, model.itemFactors, item * model.dimensions, model.dimensions)));
  }
  return sum / newer.length;
}
