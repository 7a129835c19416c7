import { trainingError } from '../errors.ts';
import { broken, type Json, numberOf, tensorOf } from '../model-json.ts';
import { littleEndian } from '../onnx/proto.ts';
import type { Calibration } from './calibrate.ts';
import type { Column } from './columns.ts';
import { type Logistic, logisticMargin } from './logistic.ts';
import { sigmoid, type Trees, treeMargin } from './trees.ts';

/** A trained classifier: what it reads, how it scores, and how sure it may be. */
export interface ClassifierModel {
  readonly columns: readonly Column[];
  readonly scorer: Trees | Logistic;
  readonly calibration: Calibration;
}

export const marginOf = ({ scorer }: Pick<ClassifierModel, 'scorer'>, x: ArrayLike<number>): number =>
  scorer.kind === 'logistic' ? logisticMargin(scorer, x) : treeMargin(scorer, x);

/** Probability of the class looked for; the graph's calculation in plain TypeScript. */
export const probabilityOf = (model: ClassifierModel, x: ArrayLike<number>): number =>
  sigmoid(model.calibration.slope * marginOf(model, x) + model.calibration.shift);

const FORMAT = 1;
const TENSORS = { logistic: ['weights', 'centre', 'scale'], 'boosted-trees': ['threshold', 'leaf'] } as const;

/** `model.json`: plain JSON, tensors as base64 of little-endian float32. Equal models give equal bytes. */
export function encodeClassifier({ columns, scorer, calibration }: ClassifierModel): Buffer {
  const text = (tensor: Float32Array) => littleEndian(tensor).toString('base64');
  const { kind, base } = scorer;
  const own =
    kind === 'logistic'
      ? { weights: text(scorer.weights), centre: text(scorer.centre), scale: text(scorer.scale) }
      : { depth: scorer.depth, column: [...scorer.column], threshold: text(scorer.threshold), leaf: text(scorer.leaf) };
  const file = { format: FORMAT, kind: 'classifier', columns, calibration, scorer: { kind, base, ...own } };
  return Buffer.from(`${JSON.stringify(file)}\n`, 'utf8');
}

/** @throws MR_TRAINING_MODEL_BROKEN naming the field that is missing or of the wrong size */
export function decodeClassifier(bytes: Buffer): ClassifierModel {
  const file = objectOf(parse(bytes), '(root)');
  if (file.format !== FORMAT || file.kind !== 'classifier') throw broken('kind', file.kind, `a classifier of format ${FORMAT}`);
  if (!Array.isArray(file.columns) || file.columns.length === 0) throw broken('columns', undefined, 'a list of columns');
  const columns = file.columns.map((column, index) => columnOf(column, index));
  const calibration = objectOf(file.calibration, 'calibration');
  const scorer = objectOf(file.scorer, 'scorer');
  return {
    columns,
    calibration: { slope: numberOf(calibration, 'slope'), shift: numberOf(calibration, 'shift') },
    scorer: scorer.kind === 'logistic' ? logisticOf(scorer, columns.length) : treesOf(scorer, columns.length),
  };
}

function columnOf(value: unknown, index: number): Column {
  const { input, fallback, is } = objectOf(value, `columns.${index}`);
  if (typeof input !== 'string' || typeof fallback !== 'number' || (is !== null && typeof is !== 'string'))
    throw broken(`columns.${index}`, value, 'input, fallback and is');
  return { input, fallback, is };
}

function logisticOf(scorer: Json, width: number): Logistic {
  const [weights, centre, scale] = TENSORS.logistic.map((name) => tensorOf(scorer, name, width)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return { kind: 'logistic', base: numberOf(scorer, 'base'), weights, centre, scale };
}

function treesOf(scorer: Json, width: number): Trees {
  if (scorer.kind !== 'boosted-trees') throw broken('scorer.kind', scorer.kind, Object.keys(TENSORS).join(' or '));
  const depth = numberOf(scorer, 'depth');
  const column = scorer.column;
  if (!Array.isArray(column) || !column.every((at) => Number.isInteger(at) && at >= 0 && at < width))
    throw broken('scorer.column', undefined, `a list of columns below ${width}`);
  if (!Number.isInteger(depth) || depth < 1 || depth > 10 || column.length % depth !== 0)
    throw broken('scorer.depth', depth, 'a whole number from 1 to 10 that divides the number of questions');
  return {
    kind: 'boosted-trees',
    depth,
    base: numberOf(scorer, 'base'),
    column: Int32Array.from(column as number[]),
    threshold: tensorOf(scorer, 'threshold', column.length),
    leaf: tensorOf(scorer, 'leaf', (column.length / depth) * 2 ** depth),
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw trainingError('MR_TRAINING_MODEL_BROKEN', 'model.json is not JSON', { field: 'model.json', expected: 'JSON', cause });
  }
}

function objectOf(value: unknown, name: string): Json {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw broken(name, value, 'an object');
}
