import type { UnitSnapshot } from '../app/registry/snapshot.ts';
import { MODEL } from '../app/usecases/model-annotations.ts';
import { serving, word, wordPath } from './read.ts';
import { knownUnit } from './registry-state.ts';
import type { Context, Resource } from './rule.ts';

export interface ServedUnit {
  readonly deployment: Resource;
  readonly unit: UnitSnapshot;
  /** Where a violation points to. */
  readonly property: string;
}

/**
 * The release of each serving Deployment, where the snapshot knows it. One without a release, or whose release is unknown, is
 * refused by M02, with the reason.
 */
export const servedUnits = (resources: readonly Resource[], { registry }: Context): readonly ServedUnit[] =>
  serving(resources).flatMap((deployment) => {
    const unitId = word(deployment, MODEL.releaseUnit);
    const unit = unitId === undefined || unitId === 'none' ? 'none' : knownUnit(registry, unitId);
    return typeof unit === 'string' ? [] : [{ deployment, unit, property: wordPath(deployment, MODEL.releaseUnit) }];
  });
