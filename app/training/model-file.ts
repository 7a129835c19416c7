import type { AlsParameters, Factorisation } from './als.ts';
import { gram } from './cholesky.ts';
import { trainingError } from './errors.ts';
import type { FoldInModel } from './fold-in.ts';
import type { InputRoles } from './inputs.ts';
import type { Matrix } from './interactions.ts';
import { broken, type Json, numberOf, tensorOf } from './model-json.ts';
import { littleEndian } from './onnx/proto.ts';

/** A trained recommender without its users' vectors, which are personal and lie in the embedding table. */
export interface RecommenderModel extends FoldInModel {
  readonly roles: InputRoles;
  /** Most popular first, ties by id. */
  readonly itemIds: readonly string[];
  /** Distinct users of each item, as a share of the most popular one's. */
  readonly popularity: Float32Array;
  /** Weight of popularity for a user without events; fades as 1 / (1 + events). */
  readonly blend: number;
}

export function modelOf(
  roles: InputRoles,
  matrix: Pick<Matrix, 'itemIds' | 'support'>,
  factors: Pick<Factorisation, 'dimensions' | 'items'>,
  parameters: Pick<AlsParameters, 'alpha' | 'regularization'>,
  blend: number,
): RecommenderModel {
  const unobserved = 1 / parameters.alpha;
  const most = matrix.support[0] ?? 1;
  return {
    roles,
    dimensions: factors.dimensions,
    itemIds: matrix.itemIds,
    itemFactors: factors.items,
    popularity: Float32Array.from(matrix.support, (users) => users / most),
    blend,
    gram: Float32Array.from(gram(factors.items, factors.dimensions, unobserved)),
    regularization: parameters.regularization,
    penalty: unobserved * matrix.itemIds.length,
  };
}

const FORMAT = 1;
const TENSORS = ['itemFactors', 'popularity', 'gram'] as const;

/** `model.json`: plain JSON, tensors as base64 of little-endian float32. Equal models give equal bytes. */
export function encodeModelFile(model: RecommenderModel): Buffer {
  const { roles, itemIds, dimensions, blend, regularization, penalty } = model;
  const tensors = Object.fromEntries(TENSORS.map((name) => [name, littleEndian(model[name]).toString('base64')]));
  const file = { format: FORMAT, roles, dimensions, blend, regularization, penalty, itemIds, ...tensors };
  return Buffer.from(`${JSON.stringify(file)}\n`, 'utf8');
}

/** @throws MR_TRAINING_MODEL_BROKEN naming the field that is missing or of the wrong size */
export function decodeModelFile(bytes: Buffer): RecommenderModel {
  const file = parse(bytes);
  if (file.format !== FORMAT) throw broken('format', file.format, String(FORMAT));
  const dimensions = numberOf(file, 'dimensions');
  const itemIds = file.itemIds;
  if (!Array.isArray(itemIds) || !itemIds.every((id) => typeof id === 'string'))
    throw broken('itemIds', undefined, 'a list of texts');
  const { taste, recent, activity } = (file.roles ?? {}) as Partial<Record<keyof InputRoles, unknown>>;
  if (typeof taste !== 'string' || typeof recent !== 'string' || typeof activity !== 'string') {
    throw broken('roles', file.roles, 'the names of the inputs taste, recent and activity');
  }
  return {
    roles: { taste, recent, activity },
    dimensions,
    itemIds,
    itemFactors: tensorOf(file, 'itemFactors', itemIds.length * dimensions),
    popularity: tensorOf(file, 'popularity', itemIds.length),
    gram: tensorOf(file, 'gram', dimensions * dimensions),
    blend: numberOf(file, 'blend'),
    regularization: numberOf(file, 'regularization'),
    penalty: numberOf(file, 'penalty'),
  };
}

function parse(bytes: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw trainingError('MR_TRAINING_MODEL_BROKEN', 'model.json is not JSON', { field: 'model.json', expected: 'JSON', cause });
  }
  if (value === null || typeof value !== 'object') throw broken('(root)', value, 'an object');
  return value as Json;
}
