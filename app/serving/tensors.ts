import { type TSchema, Type } from 'typebox';
import { servingError } from './errors.ts';

/** Most rows in one inference request: users, or events. */
export const MAX_ROWS = 64;

/** An element of a tensor in JSON. Null is a missing value: the protocol says nothing of those, and this is how its clients send one. */
export type Scalar = string | number | boolean | null;

export interface Tensor<E extends Scalar = Scalar> {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly E[];
}

/** `$inference_request` of the Open Inference Protocol (V2, REST). */
export interface InferenceRequest {
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  readonly outputs?: readonly { readonly name: string }[];
}

/** `$inference_response`. */
export interface InferenceResponse {
  readonly model_name: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: { readonly unit_id: string };
  readonly outputs: readonly Tensor[];
}

/** A tensor as the model's metadata names it. A shape of -1 varies. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: 'BYTES' | 'BOOL' | 'INT64' | 'FP64';
  readonly shape: readonly number[];
}

const strict = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 64 });
const parameters = Type.Record(
  Type.String({ maxLength: 64 }),
  Type.Union([Type.String({ maxLength: 256 }), Type.Number(), Type.Boolean()]),
  { maxProperties: 16 },
);
const shape = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 4 });

/** The schema of a request with at most `inputs` tensors of such elements. */
export const requestSchema = (element: TSchema, inputs: number) =>
  Type.Unsafe<InferenceRequest>(
    Type.Object(
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
              data: Type.Array(element, { maxItems: MAX_ROWS }),
            },
            strict,
          ),
          { minItems: 1, maxItems: inputs },
        ),
        outputs: Type.Optional(Type.Array(Type.Object({ name, parameters: Type.Optional(parameters) }, strict), { maxItems: 8 })),
      },
      { ...strict, title: 'InferenceRequest' },
    ),
  );

export const responseSchema = (element: TSchema) =>
  Type.Unsafe<InferenceResponse>(
    Type.Object(
      {
        model_name: Type.String(),
        model_version: Type.Optional(Type.String()),
        id: Type.Optional(Type.String()),
        parameters: Type.Optional(Type.Object({ unit_id: Type.String() })),
        outputs: Type.Array(
          Type.Object({
            name: Type.String(),
            shape: Type.Array(Type.Integer()),
            datatype: Type.String(),
            data: Type.Array(element),
          }),
        ),
      },
      { title: 'InferenceResponse' },
    ),
  );

export const invalidTensor = (field: string, value: unknown, expected: string) =>
  servingError('MR_SERVING_BODY_INVALID', `${field}: expected ${expected}`, { field, value, expected });

/** A tensor of the request, and its place there. */
export interface Placed extends Tensor {
  readonly at: number;
}

/**
 * The request's tensors by name, each one that the model knows, once, and as long as its shape says.
 * @throws MR_SERVING_BODY_INVALID naming the tensor's field
 */
export function readTensors({ inputs }: InferenceRequest, known: readonly TensorMetadata[]): ReadonlyMap<string, Placed> {
  const names = known.map((input) => input.name).join(' or ');
  const byName = new Map<string, Placed>();
  inputs.forEach((input, at) => {
    if (byName.has(input.name)) throw invalidTensor(`inputs.${at}.name`, input.name, 'each input once');
    const model = known.find((candidate) => candidate.name === input.name);
    if (model === undefined) throw invalidTensor(`inputs.${at}.name`, input.name, names);
    if (input.datatype !== model.datatype) throw invalidTensor(`inputs.${at}.datatype`, input.datatype, model.datatype);
    const elements = input.shape.reduce((product, length) => product * length, 1);
    if (elements !== input.data.length)
      throw invalidTensor(`inputs.${at}.data`, `${input.data.length} elements`, `${elements}, as the shape says`);
    byName.set(input.name, { ...input, at });
  });
  return byName;
}

/** How many rows a tensor of one column has. @throws MR_SERVING_BODY_INVALID */
export function rowsOf({ at, shape: [rows, width = 1, ...rest], ...tensor }: Placed): number {
  if (rows !== undefined && rows >= 1 && width === 1 && rest.length === 0) return rows;
  throw invalidTensor(`inputs.${at}.shape`, [rows, width, ...rest], `[n] with n from 1 to ${MAX_ROWS}, of ${tensor.name}`);
}

/** Names of the outputs that are wanted; all where the request names none. @throws MR_SERVING_BODY_INVALID */
export function wantedOutputs({ outputs }: InferenceRequest, known: readonly TensorMetadata[]): readonly string[] {
  const wanted = (outputs ?? known).map((output) => output.name);
  const strange = wanted.find((output) => !known.some((candidate) => candidate.name === output));
  if (strange !== undefined) throw invalidTensor('outputs', strange, known.map((output) => output.name).join(', '));
  return wanted;
}

/** One column of texts. */
export const textTensor = (of: string, data: readonly string[]): Tensor<string> => ({
  name: of,
  datatype: 'BYTES',
  shape: [data.length],
  data,
});
