import { type Field, protoFields, textOf } from './proto-reader.ts';

/** What a model file may hold: the standard operator set in these versions, and the operators our graphs are made of. */
export const ALLOWED = {
  opsets: [18],
  operators: [
    'Add',
    'Asinh',
    'Cast',
    'Concat',
    'ConstantOfShape',
    'Div',
    'Gather',
    'Greater',
    'MatMul',
    'Min',
    'Mul',
    'Reshape',
    'ScatterElements',
    'Shape',
    'Sigmoid',
    'Slice',
    'Sub',
    'TopK',
  ],
} as const;

export interface OnnxFindings {
  /** What is not allowed; empty for a good file. */
  readonly faults: readonly string[];
  /** Names of weights that hold NaN or infinity. */
  readonly notFinite: readonly string[];
  readonly operators: readonly string[];
}

/**
 * Reads a model file without running it (onnx.proto3: ModelProto, GraphProto, NodeProto, TensorProto). Weights must lie
 * inside the file: an external path would read whatever is there when the model loads.
 * @throws RangeError where the file is no protobuf message of a model
 */
export function auditOnnx(bytes: Buffer): OnnxFindings {
  const faults: string[] = [];
  const notFinite: string[] = [];
  const operators = new Set<string>();
  const model = protoFields(bytes);
  const graphs = model.filter(({ number }) => number === MODEL.graph);
  if (graphs.length !== 1) throw new RangeError(`a model holds one graph; found ${graphs.length}`);
  const opsets = model.filter(({ number }) => number === MODEL.opset).map(({ value }) => protoFields(bytesOf(value)));
  if (opsets.length === 0) faults.push('no operator set is named');
  for (const opset of opsets) {
    const domain = textOf(opset, OPSET.domain);
    const version = numberOf(opset, OPSET.version);
    if (domain !== '' || !(ALLOWED.opsets as readonly number[]).includes(version))
      faults.push(`operator set '${domain || 'ai.onnx'}' version ${version} is not one of ${ALLOWED.opsets.join(', ')}`);
  }
  if (model.some(({ number }) => number === MODEL.functions)) faults.push('local functions are not allowed');
  if (model.some(({ number }) => number === MODEL.training)) faults.push('a training graph is not allowed');
  auditGraph(bytesOf(graphs[0]?.value), { faults, notFinite, operators });
  return { faults, notFinite, operators: [...operators].sort() };
}

const MODEL = { graph: 7, opset: 8, training: 20, functions: 25 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, sparse: 15 } as const;
const NODE = { op: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const;
const TENSOR = { type: 2, floats: 4, name: 8, raw: 9, doubles: 10, external: 13, location: 14 } as const;
const TYPE = { float: 1, int32: 6, int64: 7 } as const;

interface Findings {
  readonly faults: string[];
  readonly notFinite: string[];
  readonly operators: Set<string>;
}

function auditGraph(graph: Buffer, findings: Findings): void {
  for (const { number, value } of protoFields(graph)) {
    if (number === GRAPH.node) auditNode(protoFields(bytesOf(value)), findings);
    else if (number === GRAPH.initializer) auditTensor(protoFields(bytesOf(value)), findings);
    else if (number === GRAPH.sparse) findings.faults.push('sparse weights are not allowed');
  }
}

function auditNode(node: readonly Field[], findings: Findings): void {
  const operator = textOf(node, NODE.op);
  const domain = textOf(node, NODE.domain);
  findings.operators.add(operator);
  if (domain !== '' && domain !== 'ai.onnx') findings.faults.push(`operator ${operator} is of the domain '${domain}'`);
  if (!(ALLOWED.operators as readonly string[]).includes(operator)) findings.faults.push(`operator ${operator} is not allowed`);
  for (const { number, value } of node) {
    if (number !== NODE.attribute) continue;
    for (const part of protoFields(bytesOf(value))) {
      if (part.number === ATTRIBUTE.tensor || part.number === ATTRIBUTE.tensors)
        auditTensor(protoFields(bytesOf(part.value)), findings, true);
      else if (part.number === ATTRIBUTE.graph || part.number === ATTRIBUTE.graphs)
        findings.faults.push(`operator ${operator} holds a graph of its own`);
      else if (part.number === ATTRIBUTE.sparse || part.number === ATTRIBUTE.sparses)
        findings.faults.push('sparse weights are not allowed');
    }
  }
}

/** `attribute`: a constant of an operator, e.g. the -inf that a mask is filled with; only weights must be finite. */
function auditTensor(tensor: readonly Field[], findings: Findings, attribute = false): void {
  const name = textOf(tensor, TENSOR.name);
  if (tensor.some(({ number }) => number === TENSOR.external) || numberOf(tensor, TENSOR.location) === 1)
    findings.faults.push(`weight '${name}' lies outside the file`);
  const type = numberOf(tensor, TENSOR.type);
  if (!Object.values<number>(TYPE).includes(type)) findings.faults.push(`weight '${name}' is of the element type ${type}`);
  if (attribute || type !== TYPE.float) return;
  const packed = tensor.filter(({ number }) => number === TENSOR.raw || number === TENSOR.floats);
  for (const { value } of packed) if (!allFinite(bytesOf(value))) findings.notFinite.push(name);
}

function allFinite(raw: Buffer): boolean {
  for (let at = 0; at + 4 <= raw.length; at += 4) {
    // The exponent of NaN and of the infinities is all ones (IEEE 754).
    if (((raw.readUInt32LE(at) >>> 23) & 0xff) === 0xff) return false;
  }
  return true;
}

function bytesOf(value: Field['value'] | undefined): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new RangeError(`expected a message, found ${value === undefined ? 'nothing' : 'a number'}`);
}

function numberOf(fields: readonly Field[], number: number): number {
  const value = fields.find((field) => field.number === number)?.value;
  return typeof value === 'bigint' ? Number(value) : 0;
}
