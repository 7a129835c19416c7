import type { Lake } from '../lake/port.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { OnlineStore } from './online-store/port.ts';
import { name } from './sql.ts';

/** Where the online store keeps the vectors of one release unit: units stand side by side, so a swap is one name. */
export const embeddingName = (view: EmbeddingView, unitId: string): string => `${view.name}@${unitId}`;

export interface EmbeddingFill {
  readonly usecase: UseCase;
  readonly view: EmbeddingView;
  readonly unitId: string;
  readonly lake: Lake;
  readonly online: OnlineStore;
  /** Entities to leave out. @default none */
  readonly erased?: () => Promise<ReadonlySet<string>>;
}

/**
 * Copies the vectors of one release unit from the lake into the online store, as sealed as they lie there, chunk by
 * chunk. May be repeated: rows are overwritten by themselves. Resolves to how many there are.
 */
export async function materializeEmbedding({ usecase, view, unitId, lake, online, erased }: EmbeddingFill): Promise<number> {
  const table = `${name(usecase.name)}.${name(view.name)}`;
  const sql = `select ${name(view.entity.joinKey)} as entity, vector from ${table} where _unit = $unit`;
  const target = embeddingName(view, unitId);
  let written = 0;
  for await (const { rows, columns } of lake.stream(sql, { params: { unit: unitId } })) {
    const gone = await erased?.();
    const batch = Array.from({ length: rows }, (_, i) => ({
      view: target,
      entity: String(columns.entity?.[i]),
      row: columns.vector?.[i] as Buffer,
    })).filter(({ entity }) => gone?.has(entity) !== true);
    await online.write({ rows: batch });
    written += batch.length;
  }
  return written;
}
