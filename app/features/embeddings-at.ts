import type { Micros } from '../clock/port.ts';
import type { Lake } from '../lake/port.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { name } from './sql.ts';

export interface EmbeddingRequest {
  readonly usecase: Pick<UseCase, 'name'>;
  readonly view: EmbeddingView;
  readonly spine: readonly { readonly entity: string; readonly at: Micros }[];
}

/** A vector as it was known: sealed bytes, the unit that learnt it, and when. */
export interface EmbeddingAt {
  readonly vector: Buffer;
  readonly unitId: string;
  readonly learntAt: Micros;
}

/**
 * The newest vector of each spine row's entity that was learnt at or before its moment, in the spine's order; undefined
 * where there was none. One ASOF join: the two sides are sorted once, whatever the number of units.
 */
export async function embeddingsAt(
  lake: Lake,
  { usecase, view, spine }: EmbeddingRequest,
): Promise<readonly (EmbeddingAt | undefined)[]> {
  const key = name(view.entity.joinKey);
  const rows = await lake.query<{ vector: Buffer | null; unit: string; learnt_at: Micros }>(
    `with spine as (select unnest(from_json($spine, '[{"n":"BIGINT","e":"VARCHAR","t":"BIGINT"}]'), recursive := true)),
      learnt as (select ${key} as _e, epoch_us(_learnt_at) as _t, vector, _unit from ${name(usecase.name)}.${name(view.name)})
     select vector, _unit as unit, _t as learnt_at from spine asof left join learnt on e = _e and t >= _t order by n`,
    { params: { spine: JSON.stringify(spine.map(({ entity, at }, n) => ({ n, e: entity, t: at }))) } },
  );
  return rows.map(({ vector, unit, learnt_at }) => (vector === null ? undefined : { vector, unitId: unit, learntAt: learnt_at }));
}
