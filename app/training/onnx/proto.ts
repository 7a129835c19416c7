/**
 * Writes ONNX files: the messages of the official onnx.proto3 (IR version 9, opset 18) in protobuf's wire format.
 * Only what a graph of tensors needs; the numbers below are the schema's field numbers.
 */

/** TensorProto.DataType. */
export const ELEMENT = { float: 1, int64: 7 } as const;
export type Element = keyof typeof ELEMENT;

export interface TensorData {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | TensorData>>;
}

export interface ValueSpec {
  readonly name: string;
  readonly element: Element;
  /** A text is a dimension that a caller chooses. */
  readonly dims: readonly (number | string)[];
}

export interface GraphSpec {
  readonly name: string;
  readonly nodes: readonly NodeSpec[];
  readonly constants: readonly TensorData[];
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

const OPSET = 18;
const ATTRIBUTE = { int: 2, tensor: 4 } as const;

export function encodeModel(graph: GraphSpec): Buffer {
  const opset = bytes(8, varint(2, OPSET));
  return Buffer.concat([varint(1, 9), text(2, 'millrace'), bytes(7, encodeGraph(graph)), opset]);
}

const encodeGraph = (graph: GraphSpec): Buffer =>
  Buffer.concat([
    ...graph.nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, graph.name),
    ...graph.constants.map((tensor) => bytes(5, encodeTensor(tensor))),
    ...graph.inputs.map((value) => bytes(11, encodeValue(value))),
    ...graph.outputs.map((value) => bytes(12, encodeValue(value))),
  ]);

const encodeNode = ({ op, inputs, outputs, attributes = {} }: NodeSpec): Buffer =>
  Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, outputs[0] ?? op),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
  ]);

function encodeAttribute(name: string, value: number | TensorData): Buffer {
  if (typeof value === 'number') return Buffer.concat([text(1, name), varint(3, value), varint(20, ATTRIBUTE.int)]);
  return Buffer.concat([text(1, name), bytes(5, encodeTensor(value)), varint(20, ATTRIBUTE.tensor)]);
}

function encodeTensor({ name, dims, data }: TensorData): Buffer {
  const element = data instanceof Float32Array ? ELEMENT.float : ELEMENT.int64;
  return Buffer.concat([...dims.map((dim) => varint(1, dim)), varint(2, element), text(8, name), bytes(9, littleEndian(data))]);
}

/** ValueInfoProto{name, type: TypeProto{tensor_type: {elem_type, shape}}}. */
function encodeValue({ name, element, dims }: ValueSpec): Buffer {
  const shape = Buffer.concat(dims.map((dim) => bytes(1, typeof dim === 'number' ? varint(1, dim) : text(2, dim))));
  return Buffer.concat([text(1, name), bytes(2, bytes(1, Buffer.concat([varint(1, ELEMENT[element]), bytes(2, shape)])))]);
}

/** Raw tensor bytes are little-endian on every machine. */
export function littleEndian(data: Float32Array | BigInt64Array): Buffer {
  const raw = Buffer.alloc(data.byteLength);
  const float = data instanceof Float32Array;
  for (const [index, value] of data.entries()) {
    if (float) raw.writeFloatLE(value as number, index * 4);
    else raw.writeBigInt64LE(value as bigint, index * 8);
  }
  return raw;
}

function unsigned(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) digits.push((rest % 0x80) | 0x80);
  return Buffer.from([...digits, rest]);
}

const varint = (field: number, value: number): Buffer => Buffer.concat([unsigned(field << 3), unsigned(value)]);
const bytes = (field: number, body: Buffer): Buffer => Buffer.concat([unsigned((field << 3) | 2), unsigned(body.length), body]);
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value, 'utf8'));
