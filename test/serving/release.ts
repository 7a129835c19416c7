import { encodeVector } from '../../app/features/vector.ts';
import { viewHash } from '../../app/features/view-hash.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { sealBytes } from '../../app/governance/seal.ts';
import { embeddingTable } from '../../app/lake/event-table.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';
import type { Lake, LakeRow } from '../../app/lake/port.ts';
import { sha256 } from '../../app/registry/digest.ts';
import { type Evaluation, embeddingUnit, type ReleaseFile, type ReleaseManifest } from '../../app/registry/release.ts';
import { recommenderInputs } from '../../app/training/inputs.ts';
import { encodeModelFile, modelOf } from '../../app/training/model-file.ts';
import { recommenderOnnx } from '../../app/training/onnx/recommender-graph.ts';
import { schemaHash } from '../../app/training/schema-hash.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';

/** Numbers in [-0.5, 0.5) that follow from the seed alone (a linear congruential generator). */
function noise(seed: number, length: number): Float32Array {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

export interface HandMade {
  readonly usecase: RecommenderUseCase;
  readonly objects: ObjectStore;
  readonly lake: Lake;
  readonly keys: KeyStore;
  readonly items: readonly string[];
  /** Plain ids of the users who get a vector. */
  readonly users: readonly string[];
  /** Another seed makes another model and other vectors. */
  readonly seed: number;
  readonly createdAt: number;
  readonly change?: Partial<ReleaseManifest>;
  /** Puts other bytes into a file before it is digested. */
  readonly files?: Partial<Record<ReleaseFile, Buffer>>;
}

const evaluation: Evaluation = { users: 1, metrics: {}, segments: {} };

/** Makes a release by hand, without training: a model of random factors, its files and its users' vectors. */
export async function makeRelease(options: HandMade): Promise<ReleaseManifest> {
  const { usecase, items, seed, createdAt } = options;
  const { roles, embedding } = recommenderInputs(usecase);
  const { dimensions } = embedding;
  const support = Int32Array.from(items, (_, index) => items.length - index);
  const factors = { dimensions, items: noise(seed, items.length * dimensions) };
  const model = modelOf(roles, { itemIds: items, support }, factors, { alpha: 10, regularization: 0.1 }, 0.05);
  const bodies: Record<ReleaseFile, Buffer> = {
    'model.onnx': recommenderOnnx(model),
    'model.json': encodeModelFile(model),
    'profile.json': Buffer.from('{"references":{}}'),
    'card.md': Buffer.from(`# Release ${seed}\n`),
    ...options.files,
  };
  const prefix = `releases/${usecase.model.name}/${sha256(Buffer.concat(Object.values(bodies)))}/`;
  for (const [name, body] of Object.entries(bodies)) await options.objects.put(`${prefix}${name}`, body);
  const digests = Object.entries(bodies).map(([name, body]) => [name, { sha256: sha256(body), bytes: body.length }] as const);
  const manifest: ReleaseManifest = {
    usecase: usecase.name,
    model: usecase.model.name,
    trainer: usecase.model.trainer.name,
    createdAt,
    prefix,
    files: Object.fromEntries(digests) as unknown as ReleaseManifest['files'],
    inputs: usecase.model.inputs,
    featureViews: Object.fromEntries(usecase.views.map((view) => [view.name, viewHash(view)])),
    schemaHash: schemaHash(usecase),
    dataset: { tables: {}, queryHash: 'c'.repeat(64), until: createdAt, rows: 1, note: undefined },
    parameters: { seed },
    search: { trials: 1, folds: 1 },
    seed,
    codeCommit: 'd'.repeat(40),
    metrics: evaluation,
    baseline: evaluation,
    thresholds: {},
    ...options.change,
  };
  await writeVectors(options, embeddingUnit(manifest));
  return manifest;
}

async function writeVectors({ usecase, lake, keys, users, seed, createdAt }: HandMade, unit: string): Promise<void> {
  const { embedding } = recommenderInputs(usecase);
  const table = embeddingTable(usecase, embedding);
  await lake.ensureTable(table);
  const rows: LakeRow[] = [];
  for (const [index, user] of users.entries()) {
    const { pseudonym } = await keys.subject(user);
    const vector = await sealBytes(pseudonym, encodeVector(noise(seed * 1000 + index, embedding.dimensions)), keys);
    if (vector !== undefined) rows.push({ [embedding.entity.joinKey]: pseudonym, _unit: unit, vector, _learnt_at: createdAt });
  }
  if (rows.length === 0) return;
  await lake.commit(table.name, { operation: 'TEST', add: [await lake.stage(table.name, rows)] });
}
