import { type Static, Type } from 'typebox';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { servingError } from './errors.ts';

/** Most users in one inference request. */
export const MAX_USERS = 64;

const strict = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 64 });
const parameters = Type.Record(
  Type.String({ maxLength: 64 }),
  Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 16 },
);
const shape = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 4 });

/** `$inference_request` of the Open Inference Protocol (V2, REST). */
export const inferBody = Type.Object(
  {
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    parameters: Type.Optional(parameters),
    inputs: Type.Array(
      Type.Object(
        {
          name,
          shape,
          datatype: Type.String({ maxLength: 16 }),
          parameters: Type.Optional(parameters),
          data: Type.Array(Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()]), { maxItems: MAX_USERS }),
        },
        strict,
      ),
      { minItems: 1, maxItems: 2 },
    ),
    outputs: Type.Optional(Type.Array(Type.Object({ name, parameters: Type.Optional(parameters) }, strict), { maxItems: 8 })),
  },
  { ...strict, title: 'InferenceRequest' },
);

const tensor = Type.Object({
  name: Type.String(),
  shape: Type.Array(Type.Integer()),
  datatype: Type.String(),
  data: Type.Array(Type.String()),
});

/** `$inference_response`. */
export const inferAnswer = Type.Object(
  {
    model_name: Type.String(),
    model_version: Type.Optional(Type.String()),
    id: Type.Optional(Type.String()),
    parameters: Type.Optional(Type.Object({ unit_id: Type.String() })),
    outputs: Type.Array(tensor),
  },
  { title: 'InferenceResponse' },
);

export type Tensor = Static<typeof tensor>;

/** Tensors of the model as its metadata names them. A shape of -1 varies. */
export const MODEL_INPUTS = [
  { name: 'user', datatype: 'BYTES', shape: [-1] },
  { name: 'k', datatype: 'INT64', shape: [1] },
];
export const MODEL_OUTPUTS = [
  { name: 'items', datatype: 'BYTES', shape: [-1, -1] },
  { name: 'request_id', datatype: 'BYTES', shape: [-1] },
  { name: 'fallback', datatype: 'BYTES', shape: [-1] },
];

export interface Inference {
  readonly users: readonly string[];
  readonly k: number;
  readonly outputs: readonly string[];
}

/**
 * Reads an inference request: `user` BYTES [n] (or [n, 1]) with n from 1 to 64, and at will `k` INT64 [1].
 * @throws MR_SERVING_BODY_INVALID naming the tensor's field
 */
export function readInference(body: Static<typeof inferBody>, usecase: RecommenderUseCase): Inference {
  const invalid = (field: string, value: unknown, expected: string) =>
    servingError('MR_SERVING_BODY_INVALID', `${field}: expected ${expected}`, { field, value, expected });
  const known = MODEL_INPUTS.map((input) => input.name).join(' or ');
  const byName = new Map<string, number>();
  body.inputs.forEach((input, index) => {
    if (byName.has(input.name)) throw invalid(`inputs.${index}.name`, input.name, 'each input once');
    const model = MODEL_INPUTS.find((candidate) => candidate.name === input.name);
    if (model === undefined) throw invalid(`inputs.${index}.name`, input.name, known);
    if (input.datatype !== model.datatype) throw invalid(`inputs.${index}.datatype`, input.datatype, model.datatype);
    const elements = input.shape.reduce((product, length) => product * length, 1);
    if (elements !== input.data.length)
      throw invalid(`inputs.${index}.data`, `${input.data.length} elements`, `${elements}, as the shape says`);
    byName.set(input.name, index);
  });

  const at = byName.get('user');
  const input = at === undefined ? undefined : body.inputs[at];
  if (input === undefined) throw invalid('inputs', [...byName.keys()], "an input 'user'");
  const [n, width = 1, ...rest] = input.shape;
  if (n === undefined || n < 1 || width !== 1 || rest.length > 0)
    throw invalid(`inputs.${at}.shape`, input.shape, `[n] with n from 1 to ${MAX_USERS}`);
  const users = input.data.filter((user) => typeof user === 'string');
  if (users.length !== n) throw invalid(`inputs.${at}.data`, '(not text)', 'user ids as text');

  const { default: usual, max } = usecase.serving.k;
  const kAt = byName.get('k');
  const kInput = kAt === undefined ? undefined : body.inputs[kAt];
  const k = kInput === undefined ? usual : kInput.data[0];
  if (typeof k !== 'number' || k < 1 || k > max || (kInput !== undefined && kInput.data.length !== 1)) {
    throw invalid(`inputs.${kAt}.data`, kInput?.data, `one whole number from 1 to ${max}`);
  }

  const outputs = (body.outputs ?? MODEL_OUTPUTS).map((output) => output.name);
  const strange = outputs.find((output) => !MODEL_OUTPUTS.some((candidate) => candidate.name === output));
  if (strange !== undefined) throw invalid('outputs', strange, MODEL_OUTPUTS.map((output) => output.name).join(', '));
  return { users, k, outputs };
}

/** Items as one BYTES tensor [n, k], row-major; a row with fewer than k items is filled up with empty texts. */
export const itemsTensor = (rows: readonly (readonly string[])[], k: number): Tensor => ({
  name: 'items',
  datatype: 'BYTES',
  shape: [rows.length, k],
  data: rows.flatMap((row) => Array.from({ length: k }, (_, rank) => row[rank] ?? '')),
});

export const textTensor = (name: string, data: readonly string[]): Tensor => ({
  name,
  datatype: 'BYTES',
  shape: [data.length],
  data: [...data],
});
