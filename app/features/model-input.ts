import type { Feature } from '../usecases/feature.ts';
import { featureError } from './errors.ts';
import type { FeatureValue } from './value.ts';

/**
 * The number that a model reads: the feature's fallback where there is no value, 0 or 1 for a flag, microseconds for a
 * timestamp. @throws MR_FEATURES_NOT_A_NUMBER for text, lists and vectors, which have inputs of their own
 */
export function toNumber(feature: Feature, value: FeatureValue | undefined): number {
  if (value === null || value === undefined) return feature.fallback;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  throw featureError('MR_FEATURES_NOT_A_NUMBER', `a feature of type ${feature.type} is no number`, {
    field: feature.type,
    expected: 'long, double, boolean or timestamp',
  });
}
