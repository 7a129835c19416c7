import type { RecommenderModel } from '../model-file.ts';
import { encodeModel, type GraphSpec, type NodeSpec, type TensorData } from './proto.ts';

/**
 * The recommender as one ONNX graph, for a batch of B users of d dimensions over n items:
 *
 * | input      | type        | meaning                                                            |
 * |------------|-------------|--------------------------------------------------------------------|
 * | `user`     | float[B,d]  | the user's vector, fresh clicks folded in                          |
 * | `seen`     | int64[B,S]  | indexes of items to leave out, filled up with n                    |
 * | `activity` | float[B,1]  | events of the user in the activity window                          |
 * | `k`        | int64[1]    | length of the list; cut to n                                       |
 *
 * score = user·itemᵀ + blend * popularity / (1 + activity), a seen item's is -inf. Outputs `items` int64[B,k] and
 * `scores` float[B,k], best first; of equal scores the lower index comes first (the definition of ONNX TopK).
 */
export function recommenderOnnx(model: RecommenderModel): Buffer {
  const n = model.itemIds.length;
  const d = model.dimensions;
  const nodes: NodeSpec[] = [
    { op: 'MatMul', inputs: ['user', 'item_factors'], outputs: ['taste_score'] },
    { op: 'Add', inputs: ['activity', 'one'], outputs: ['events_and_one'] },
    { op: 'Div', inputs: ['blended_popularity', 'events_and_one'], outputs: ['popularity_score'] },
    { op: 'Add', inputs: ['taste_score', 'popularity_score'], outputs: ['open_score'] },
    // One column more than there are items takes the filling of `seen`; it is cut off again.
    { op: 'Shape', inputs: ['user'], outputs: ['batch'], attributes: { start: 0, end: 1 } },
    { op: 'Concat', inputs: ['batch', 'columns_and_one'], outputs: ['mask_shape'], attributes: { axis: 0 } },
    { op: 'ConstantOfShape', inputs: ['mask_shape'], outputs: ['no_mask'] },
    { op: 'Shape', inputs: ['seen'], outputs: ['seen_shape'] },
    { op: 'ConstantOfShape', inputs: ['seen_shape'], outputs: ['seen_mask'], attributes: { value: MINUS_INFINITY } },
    { op: 'ScatterElements', inputs: ['no_mask', 'seen', 'seen_mask'], outputs: ['wide_mask'], attributes: { axis: 1 } },
    { op: 'Slice', inputs: ['wide_mask', 'zero', 'columns', 'axis'], outputs: ['mask'] },
    { op: 'Add', inputs: ['open_score', 'mask'], outputs: ['score'] },
    { op: 'Min', inputs: ['k', 'columns'], outputs: ['length'] },
    { op: 'TopK', inputs: ['score', 'length'], outputs: ['scores', 'items'], attributes: { axis: 1, largest: 1, sorted: 1 } },
  ];
  const graph: GraphSpec = {
    name: 'recommender',
    nodes,
    constants: [
      { name: 'item_factors', dims: [d, n], data: transposed(model.itemFactors, n, d) },
      { name: 'blended_popularity', dims: [1, n], data: model.popularity.map((share) => model.blend * share) },
      { name: 'one', dims: [1], data: Float32Array.of(1) },
      { name: 'zero', dims: [1], data: BigInt64Array.of(0n) },
      { name: 'axis', dims: [1], data: BigInt64Array.of(1n) },
      { name: 'columns', dims: [1], data: BigInt64Array.of(BigInt(n)) },
      { name: 'columns_and_one', dims: [1], data: BigInt64Array.of(BigInt(n + 1)) },
    ],
    inputs: [
      { name: 'user', element: 'float', dims: ['B', d] },
      { name: 'seen', element: 'int64', dims: ['B', 'S'] },
      { name: 'activity', element: 'float', dims: ['B', 1] },
      { name: 'k', element: 'int64', dims: [1] },
    ],
    outputs: [
      { name: 'items', element: 'int64', dims: ['B', 'K'] },
      { name: 'scores', element: 'float', dims: ['B', 'K'] },
    ],
  };
  return encodeModel(graph);
}

const MINUS_INFINITY: TensorData = { name: 'minus_infinity', dims: [1], data: Float32Array.of(Number.NEGATIVE_INFINITY) };

function transposed(rows: Float32Array, n: number, d: number): Float32Array {
  const result = new Float32Array(n * d);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < d; column += 1) result[column * n + row] = rows[row * d + column] as number;
  }
  return result;
}
