import { MillraceError } from '../errors.ts';
import { decodeVector } from '../features/vector.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { openBytes } from '../governance/seal.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import { embeddingUnit } from '../registry/release.ts';
import type { Version } from '../registry/version.ts';
import { evaluate, type Tastes, type UserMetrics } from '../training/evaluate.ts';
import { type Fitted, parametersOf } from '../training/fit.ts';
import { openRecommender, plainRanker } from '../training/recommender.ts';
import type { EmbeddingView } from '../usecases/feature.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import type { ChampionNote } from './evidence.ts';
import type { JudgedData } from './judged-data.ts';

export interface ChampionSources {
  readonly usecase: RecommenderUseCase;
  readonly registry: Pick<Registry, 'loadUnit'>;
  readonly lake: Lake;
  readonly keys: KeyStore;
}

export interface JudgedChampion {
  readonly metrics: UserMetrics;
  readonly note: ChampionNote;
  /** Why it was not judged as it is served, where it could have been. */
  readonly remark: string | undefined;
}

/**
 * The champion on the candidate's moments. As it is served, files and vectors, where it knows nothing of the judged days;
 * else it would be asked what it has seen, so its parameters are trained again on the events before them.
 */
export async function judgeChampion(
  sources: ChampionSources,
  champion: Version,
  data: JudgedData,
  fitBefore: (parameters: ReturnType<typeof parametersOf>) => Fitted,
): Promise<JudgedChampion> {
  const { version, unitId, manifest } = champion;
  let remark: string | undefined;
  const sameInputs = manifest.inputs.join() === sources.usecase.model.inputs.join();
  if (manifest.dataset.until <= data.fold.origin && sameInputs) {
    try {
      return { metrics: await asServed(sources, champion, data), note: { version, unitId, as: 'served' }, remark };
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      // A broken champion must not keep its successor out.
      remark = `the champion could not be judged as it is served: ${error.code}: ${error.message}`;
    }
  }
  const { model, tastes } = fitBefore(parametersOf(manifest.parameters));
  const metrics = await evaluate(plainRanker(model), data.moments, tastes);
  return { metrics, note: { version, unitId, as: 'retrained' }, remark };
}

async function asServed(
  { usecase, registry, lake, keys }: ChampionSources,
  { unitId, manifest }: Version,
  data: JudgedData,
): Promise<UserMetrics> {
  const { files } = await registry.loadUnit(unitId);
  const recommender = await openRecommender({ onnx: files['model.onnx'], modelJson: files['model.json'] });
  try {
    const vectors = await readVectors({ usecase, lake, keys }, data.embedding, embeddingUnit(manifest));
    const tastes: Tastes = { input: data.roles.taste, of: (entity) => vectors.get(entity) ?? null };
    return await evaluate(recommender, data.moments, tastes);
  } finally {
    await recommender.close();
  }
}

/** The unit's learnt vectors by pseudonym; an erased person's cannot be opened and is left out. */
async function readVectors(
  { usecase, lake, keys }: Omit<ChampionSources, 'registry'>,
  view: EmbeddingView,
  unit: string,
): Promise<ReadonlyMap<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  const sql = `select "${view.entity.joinKey}" as entity, vector from "${usecase.name}"."${view.name}" where _unit = $unit`;
  for await (const { rows, columns } of lake.stream(sql, { params: { unit } })) {
    await keys.recall(Array.from({ length: rows }, (_, row) => String(columns.entity?.[row])));
    for (let row = 0; row < rows; row += 1) {
      const entity = String(columns.entity?.[row]);
      const plain = await openBytes(entity, columns.vector?.[row] as Buffer, keys);
      if (plain !== undefined) vectors.set(entity, decodeVector(plain));
    }
  }
  return vectors;
}
