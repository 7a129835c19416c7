import type { Micros } from '../clock/port.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { OnlineStore } from './online-store/port.ts';
import { decodeState } from './row-codec.ts';
import { evaluate } from './state.ts';
import type { FeatureValues } from './value.ts';
import { onlineName } from './view-hash.ts';

export interface OnlineRead {
  readonly online: OnlineStore;
  readonly view: FeatureView;
  readonly entity: string;
  /** The moment of the request. */
  readonly t: Micros;
}

export interface OnlineFeatures {
  readonly values: FeatureValues;
  readonly partition: number;
  /** The row holds the entity's events below this offset. */
  readonly nextOffset: number;
  /** Time of the newest event in the row. */
  readonly newest: Micros;
}

/**
 * The view's values of one entity at `t`. Undefined where there is no row, and where it was made by another definition.
 * @throws MR_FEATURES_ROW_CORRUPT, MR_FEATURES_MOMENT_SETTLED
 */
export async function readOnline({ online, view, entity, t }: OnlineRead): Promise<OnlineFeatures | undefined> {
  const row = await online.get(onlineName(view), entity);
  const state = row === undefined ? undefined : decodeState(view, row);
  if (state?.partition === undefined) return undefined;
  const { partition, nextOffset, newest } = state;
  return { values: evaluate(view, state, t), partition, nextOffset, newest };
}
