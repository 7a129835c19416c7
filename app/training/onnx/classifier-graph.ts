import type { Logistic } from '../classifier/logistic.ts';
import type { ClassifierModel } from '../classifier/model-file.ts';
import type { Trees } from '../classifier/trees.ts';
import { ELEMENT, encodeModel, type NodeSpec, type TensorData } from './proto.ts';

/**
 * A classifier as one ONNX graph of standard operators: `columns` float[B,n] in, `probability` float[B,1] out. Trees are
 * oblivious, so a tree's leaf is the number that its answers spell in binary: Σ answer_l * 2^l, looked up in a table.
 */
export function classifierOnnx({ columns, scorer, calibration }: ClassifierModel): Buffer {
  const part = scorer.kind === 'logistic' ? logisticPart(scorer) : treesPart(scorer);
  return encodeModel({
    name: 'classifier',
    nodes: [
      ...part.nodes,
      { op: 'Add', inputs: ['score', 'base'], outputs: ['margin'] },
      { op: 'Mul', inputs: ['margin', 'slope'], outputs: ['sloped'] },
      { op: 'Add', inputs: ['sloped', 'shift'], outputs: ['calibrated'] },
      { op: 'Sigmoid', inputs: ['calibrated'], outputs: ['probability'] },
    ],
    constants: [
      ...part.constants,
      floats('base', [1], [scorer.base]),
      floats('slope', [1], [calibration.slope]),
      floats('shift', [1], [calibration.shift]),
    ],
    inputs: [{ name: 'columns', element: 'float', dims: ['B', columns.length] }],
    outputs: [{ name: 'probability', element: 'float', dims: ['B', 1] }],
  });
}

interface Part {
  readonly nodes: readonly NodeSpec[];
  readonly constants: readonly TensorData[];
}

function treesPart({ depth, column, threshold, leaf }: Trees): Part {
  const trees = column.length / depth;
  return {
    nodes: [
      { op: 'Gather', inputs: ['columns', 'column'], outputs: ['asked'], attributes: { axis: 1 } },
      { op: 'Greater', inputs: ['asked', 'threshold'], outputs: ['above'] },
      { op: 'Cast', inputs: ['above'], outputs: ['answers'], attributes: { to: ELEMENT.float } },
      { op: 'Reshape', inputs: ['answers', 'by_tree'], outputs: ['answers_by_tree'] },
      { op: 'MatMul', inputs: ['answers_by_tree', 'powers'], outputs: ['spelt'] },
      { op: 'Reshape', inputs: ['spelt', 'one_a_tree'], outputs: ['own_leaf'] },
      { op: 'Add', inputs: ['own_leaf', 'first_leaf'], outputs: ['leaf_number'] },
      { op: 'Cast', inputs: ['leaf_number'], outputs: ['leaf_index'], attributes: { to: ELEMENT.int64 } },
      { op: 'Gather', inputs: ['leaf', 'leaf_index'], outputs: ['leaf_values'], attributes: { axis: 0 } },
      { op: 'MatMul', inputs: ['leaf_values', 'ones'], outputs: ['score'] },
    ],
    constants: [
      integers('column', [column.length], [...column]),
      { name: 'threshold', dims: [threshold.length], data: threshold },
      integers('by_tree', [3], [-1, trees, depth]),
      floats(
        'powers',
        [depth, 1],
        Array.from({ length: depth }, (_, level) => 2 ** level),
      ),
      integers('one_a_tree', [2], [-1, trees]),
      floats(
        'first_leaf',
        [trees],
        Array.from({ length: trees }, (_, tree) => tree * 2 ** depth),
      ),
      { name: 'leaf', dims: [leaf.length], data: leaf },
      floats('ones', [trees, 1], new Array<number>(trees).fill(1)),
    ],
  };
}

function logisticPart({ weights, centre, scale }: Logistic): Part {
  const n = weights.length;
  return {
    nodes: [
      { op: 'Asinh', inputs: ['columns'], outputs: ['squashed'] },
      { op: 'Sub', inputs: ['squashed', 'centre'], outputs: ['centred'] },
      { op: 'Mul', inputs: ['centred', 'scale'], outputs: ['scaled'] },
      { op: 'MatMul', inputs: ['scaled', 'weights'], outputs: ['score'] },
    ],
    constants: [
      { name: 'centre', dims: [n], data: centre },
      { name: 'scale', dims: [n], data: scale },
      { name: 'weights', dims: [n, 1], data: weights },
    ],
  };
}

const floats = (name: string, dims: readonly number[], values: readonly number[]): TensorData => ({
  name,
  dims,
  data: Float32Array.from(values),
});

const integers = (name: string, dims: readonly number[], values: readonly number[]): TensorData => ({
  name,
  dims,
  data: BigInt64Array.from(values, BigInt),
});
