import { Type } from 'typebox';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import type { Answerer } from './answer.ts';
import type { Inferring } from './inference-protocol.ts';
import { makeRequestId } from './request-id.ts';
import {
  type InferenceRequest,
  invalidTensor,
  MAX_ROWS,
  type Placed,
  readTensors,
  requestSchema,
  responseSchema,
  rowsOf,
  type Tensor,
  type TensorMetadata,
  textTensor,
} from './tensors.ts';

const INPUTS: readonly TensorMetadata[] = [
  { name: 'user', datatype: 'BYTES', shape: [-1] },
  { name: 'k', datatype: 'INT64', shape: [1] },
];
const OUTPUTS: readonly TensorMetadata[] = [
  { name: 'items', datatype: 'BYTES', shape: [-1, -1] },
  { name: 'request_id', datatype: 'BYTES', shape: [-1] },
  { name: 'fallback', datatype: 'BYTES', shape: [-1] },
];

/** Items for many users: `user` BYTES [n] (or [n, 1]) and at will `k` INT64 [1]. */
export const inferItems = ({
  usecase,
  answer,
}: {
  readonly usecase: RecommenderUseCase;
  readonly answer: Answerer;
}): Inferring => ({
  summary: `Items for up to ${MAX_ROWS} users`,
  inputs: INPUTS,
  outputs: OUTPUTS,
  request: requestSchema(Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()]), INPUTS.length),
  response: responseSchema(Type.String()),
  read(request) {
    const { users, k } = readUsers(request, usecase);
    return async (unit) => {
      const answers = await Promise.all(
        users.map((user) => answer({ requestId: makeRequestId(), user, k, exclude: [], profiling: true }, unit)),
      );
      const tensors = [
        itemsTensor(
          answers.map(({ items }) => items),
          k,
        ),
        textTensor(
          'request_id',
          answers.map(({ requestId }) => requestId),
        ),
        textTensor(
          'fallback',
          answers.map(({ fallback }) => fallback ?? ''),
        ),
      ];
      return { tensors, fallback: answers.find(({ fallback }) => fallback !== null)?.fallback ?? null };
    };
  },
});

/** @throws MR_SERVING_BODY_INVALID naming the tensor's field */
function readUsers(
  request: InferenceRequest,
  usecase: RecommenderUseCase,
): { readonly users: readonly string[]; readonly k: number } {
  const tensors = readTensors(request, INPUTS);
  const input = tensors.get('user');
  if (input === undefined) throw invalidTensor('inputs', [...tensors.keys()], "an input 'user'");
  const users = input.data.filter((user) => typeof user === 'string');
  if (users.length !== rowsOf(input)) throw invalidTensor(`inputs.${input.at}.data`, '(not text)', 'user ids as text');
  return { users, k: listLength(tensors.get('k'), usecase) };
}

function listLength(input: Placed | undefined, { serving }: RecommenderUseCase): number {
  const { default: usual, max } = serving.k;
  if (input === undefined) return usual;
  const [k, ...more] = input.data;
  if (typeof k === 'number' && k >= 1 && k <= max && more.length === 0) return k;
  throw invalidTensor(`inputs.${input.at}.data`, input.data, `one whole number from 1 to ${max}`);
}

/** Items as one BYTES tensor [n, k], row-major; a row with fewer than k items is filled up with empty texts. */
const itemsTensor = (rows: readonly (readonly string[])[], k: number): Tensor<string> => ({
  name: 'items',
  datatype: 'BYTES',
  shape: [rows.length, k],
  data: rows.flatMap((row) => Array.from({ length: k }, (_, rank) => row[rank] ?? '')),
});
