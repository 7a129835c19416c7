import type { Micros } from '../clock/port.ts';
import { encodeVector } from '../features/vector.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { sealBytes } from '../governance/seal.ts';
import { embeddingTable } from '../lake/event-table.ts';
import type { Lake, LakeRow } from '../lake/port.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { Fitted } from './fit.ts';

export interface EmbeddingWrite {
  readonly usecase: UseCase;
  readonly view: EmbeddingView;
  readonly lake: Lake;
  readonly keys: KeyStore;
  /** `_unit` of the rows: the contents hash, see `embeddingUnit` in app/registry/release.ts. */
  readonly unit: string;
  readonly fitted: Pick<Fitted, 'matrix' | 'tastes'>;
  readonly at: Micros;
}

/** Keys recalled at once. */
const BATCH = 10_000;

/**
 * Writes each user's vector, sealed under the user's key, in one commit; users with too few events, and those erased
 * since the data was read, have none. A second write for one unit changes nothing. Resolves to the number of rows.
 */
export async function writeEmbeddings({ usecase, view, lake, keys, unit, fitted, at }: EmbeddingWrite): Promise<number> {
  const spec = embeddingTable(usecase, view);
  await lake.ensureTable(spec);
  const rows: LakeRow[] = [];
  const { userIds } = fitted.matrix;
  for (let from = 0; from < userIds.length; from += BATCH) {
    const batch = userIds.slice(from, from + BATCH);
    await keys.recall(batch);
    for (const entity of batch) {
      const vector = fitted.tastes.of(entity);
      const sealed = vector === null ? undefined : await sealBytes(entity, encodeVector(vector), keys);
      if (sealed !== undefined) rows.push({ [view.entity.joinKey]: entity, _unit: unit, vector: sealed, _learnt_at: at });
    }
  }
  if (rows.length === 0) return 0;
  const staged = await lake.stage(spec.name, rows);
  await lake.commit(spec.name, {
    operation: 'WRITE',
    add: [staged],
    txn: [{ appId: `embeddings-${unit}`, version: 1 }],
    info: { unit, rows: String(rows.length) },
  });
  return rows.length;
}
