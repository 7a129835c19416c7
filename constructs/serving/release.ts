import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../dials.ts';

/** One release that is served, and the share of requests it gets. */
export interface Release {
  readonly track: 'stable' | 'canary';
  /** Release unit id, or `none` while nothing was released: then the fallback answers. */
  readonly unit: string;
  /** Percent of requests. */
  readonly weight: number;
}

/** Where the dials name no canary, it serves what the stable track does: the next unit or image has a track to come by. */
const IDLE_WEIGHT = 5;

/** What the dials say is served of a use case, on two tracks that share the requests. */
export function releasesOf({ releases }: Dials, usecase: UseCase): readonly [Release, Release] {
  const named = (releases === 'none' ? undefined : releases[usecase.name]) ?? 'none';
  const { stable, canary, weight } = typeof named === 'string' ? { stable: named, canary: named, weight: IDLE_WEIGHT } : named;
  return [
    { track: 'stable', unit: stable, weight: 100 - weight },
    { track: 'canary', unit: canary, weight },
  ];
}

/** The same workload beside its stable track: another name and account, the same work. */
export const canaryOf = <T extends { readonly name: string }>(declared: T): T => ({
  ...declared,
  name: `${declared.name}-canary`,
});
