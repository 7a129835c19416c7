import { embeddingName, materializeEmbedding } from '../features/materialize-embedding.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import type { FeatureValue } from '../features/value.ts';
import { viewHash } from '../features/view-hash.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import { embeddingUnit, type ReleaseManifest } from '../registry/release.ts';
import type { LoadedUnit } from '../registry/unit.ts';
import { schemaHash } from '../training/schema-hash.ts';
import type { EmbeddingView, FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { rank } from './answer.ts';
import { servingError } from './errors.ts';
import { closeModel, decideOn, type OpenModel, openModel } from './model.ts';
import type { ServingUnit } from './unit.ts';

export interface UnitSources {
  readonly usecase: UseCase;
  readonly registry: Pick<Registry, 'loadUnit'>;
  readonly lake: Lake;
  readonly online: OnlineStore;
  readonly keys: Pick<KeyStore, 'erased'>;
}

/** The use case's views that the model reads, its inputs' first, then those of the same entity that are only watched. */
export function viewsOf(usecase: UseCase): {
  readonly windowed: readonly FeatureView[];
  readonly embeddings: readonly EmbeddingView[];
} {
  const read = new Set(usecase.model.inputs.map((input) => input.split('.')[0]));
  const keys = new Set(usecase.views.filter(({ name }) => read.has(name)).map(({ entity }) => entity.joinKey));
  const views = usecase.views
    .filter(({ name, entity }) => read.has(name) || keys.has(entity.joinKey))
    .toSorted((a, b) => Number(read.has(b.name)) - Number(read.has(a.name)));
  return {
    windowed: views.filter((view): view is FeatureView => view.kind === 'windowed'),
    embeddings: views.filter((view): view is EmbeddingView => view.kind === 'embedding' && read.has(view.name)),
  };
}

/**
 * Refuses a release that was made for another definition than the one that runs.
 * @throws MR_SERVING_UNIT_UNFIT naming the view or the schema
 */
export function checkFit(usecase: UseCase, manifest: ReleaseManifest): void {
  const unfit = (field: string, value: unknown, expected: string) =>
    servingError('MR_SERVING_UNIT_UNFIT', `the release was made for another ${field}`, { field, value, expected });
  if (manifest.usecase !== usecase.name) throw unfit('usecase', manifest.usecase, usecase.name);
  if (manifest.model !== usecase.model.name) throw unfit('model', manifest.model, usecase.model.name);
  if (manifest.inputs.join() !== usecase.model.inputs.join())
    throw unfit('inputs', manifest.inputs, usecase.model.inputs.join(', '));
  const { windowed, embeddings } = viewsOf(usecase);
  for (const view of [...windowed, ...embeddings]) {
    if (!usecase.model.inputs.some((input) => input.startsWith(`${view.name}.`))) continue;
    const made = manifest.featureViews[view.name];
    if (made !== viewHash(view)) throw unfit(`featureViews.${view.name}`, made ?? '(none)', viewHash(view));
  }
  if (manifest.schemaHash !== schemaHash(usecase)) throw unfit('schemaHash', manifest.schemaHash, schemaHash(usecase));
}

/**
 * Opens the model of a release's files and lets it answer, so that the first request finds it warm.
 * @throws MR_SERVING_UNIT_BROKEN where it cannot be opened or gives no finite scores
 */
export async function openWarm(usecase: UseCase, { files }: Pick<LoadedUnit, 'files'>): Promise<OpenModel> {
  let model: OpenModel | undefined;
  try {
    model = await openModel(usecase, files);
    await warm(usecase, model);
    return model;
  } catch (cause) {
    if (model !== undefined) await closeModel(model);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw servingError('MR_SERVING_UNIT_BROKEN', `the release cannot answer: ${why}`, { field: 'model.onnx', cause });
  }
}

async function warm(usecase: UseCase, model: OpenModel): Promise<void> {
  if (usecase.kind === 'classifier' && model.kind === 'classifier') {
    for (const inputs of warmInputs(usecase, [])) await decideOn(model.classifier, usecase.serving.decisions, inputs);
  } else if (usecase.kind === 'recommender' && model.kind === 'recommender') {
    const { default: k } = usecase.serving.k;
    const popular = model.recommender.popular(k, new Set());
    if (popular.length === 0) throw new RangeError('the popular list is empty');
    for (const inputs of warmInputs(usecase, popular)) await rank(model.recommender, inputs, k, []);
  }
}

/** Inputs of users that could be: one without a vector and with recent items, one with a vector and none. */
function warmInputs(usecase: UseCase, items: readonly string[]): readonly ReadonlyMap<string, FeatureValue>[] {
  const { windowed, embeddings } = viewsOf(usecase);
  const rows = (recent: readonly string[]) =>
    windowed.flatMap((view) =>
      Object.entries(view.features).map(
        ([name, { type }]): Input => [`${view.name}.${name}`, type === 'string[]' ? recent : null],
      ),
    );
  const vectors = (fill: number | undefined) =>
    embeddings.map((view): Input => {
      const name = `${view.name}.${view.feature}`;
      return [name, fill === undefined ? null : new Float32Array(view.dimensions).fill(fill)];
    });
  const recent = items.slice(0, 3);
  return [
    new Map([...rows(recent), ...vectors(undefined)]),
    new Map([...rows([]), ...vectors(0.1)]),
    new Map([...rows(recent), ...vectors(0.1)]),
  ];
}

type Input = readonly [string, FeatureValue];

/**
 * Loads a release in full: bytes by signature and digest, fit to the definition, model warm, vectors online.
 * @throws MR_REGISTRY_DIGEST_MISMATCH, MR_REGISTRY_SIGNATURE_INVALID, MR_SERVING_UNIT_UNFIT, MR_SERVING_UNIT_BROKEN
 */
export async function loadServingUnit(sources: UnitSources, unitId: string, version: number): Promise<ServingUnit> {
  const { usecase, lake, online, keys } = sources;
  const loaded = await sources.registry.loadUnit(unitId);
  checkFit(usecase, loaded.manifest);
  const { windowed, embeddings } = viewsOf(usecase);
  const unit = embeddingUnit(loaded.manifest);
  const model = await openWarm(usecase, loaded);
  try {
    for (const view of embeddings)
      await materializeEmbedding({ usecase, view, unitId: unit, lake, online, erased: () => keys.erased() });
  } catch (error) {
    await closeModel(model);
    throw error;
  }
  return {
    unitId,
    version,
    manifest: loaded.manifest,
    ...model,
    windowed,
    embeddings: embeddings.map((view) => ({ view, online: embeddingName(view, unit) })),
  };
}
