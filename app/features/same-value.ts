import type { FeatureType } from '../usecases/feature.ts';
import type { FeatureValue } from './value.ts';

/** How far two doubles may be apart, relative to the larger. */
export const TOLERANCE = 1e-9;

/** Whether two computations of one feature agree: doubles within 1e-9 relative, all else exactly. */
export function sameValue(type: FeatureType, a: FeatureValue, b: FeatureValue): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    // Beyond 2^53 a sum of whole numbers is a rounded double.
    const exact = type !== 'double' && Number.isSafeInteger(a) && Number.isSafeInteger(b);
    return a === b || (!exact && Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
