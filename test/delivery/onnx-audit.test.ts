import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditOnnx } from '../../app/delivery/onnx-audit.ts';
import { modelOf } from '../../app/training/model-file.ts';
import { encodeModel, type GraphSpec } from '../../app/training/onnx/proto.ts';
import { recommenderOnnx } from '../../app/training/onnx/recommender-graph.ts';
import { ROLES } from '../training/planted.ts';

const matrix = { itemIds: ['a', 'b'], support: Int32Array.of(2, 1) };
const model = modelOf(ROLES, matrix, { dimensions: 2, items: Float32Array.of(1, 2, 3, 4) }, { alpha: 1, regularization: 1 }, 0);
const GOOD = recommenderOnnx(model);

const graph = (change: Partial<GraphSpec>): GraphSpec => ({
  name: 'g',
  nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  constants: [{ name: 'w', dims: [2], data: Float32Array.of(1, 2) }],
  inputs: [{ name: 'x', element: 'float', dims: [2] }],
  outputs: [{ name: 'y', element: 'float', dims: [2] }],
  ...change,
});

/** A length-delimited field, for parts that our writer never writes. */
const field = (number: number, body: Buffer) => {
  const tag = (number << 3) | 2;
  const head = tag < 128 ? [tag] : [(tag & 127) | 128, tag >> 7];
  return Buffer.concat([Buffer.from([...head, body.length]), body]);
};
const varint = (number: number, value: number) => Buffer.from([number << 3, value]);
const text = (number: number, value: string) => field(number, Buffer.from(value));

test('our own graph is sound, the -inf of its mask included', () => {
  const { faults, notFinite, operators } = auditOnnx(GOOD);
  assert.deepEqual([faults, notFinite], [[], []]);
  assert.ok(operators.includes('TopK') && operators.includes('MatMul'));
});

test('a weight that is not a number is named', () => {
  const constants = [{ name: 'bad', dims: [2], data: Float32Array.of(1, Number.NaN) }];
  assert.deepEqual(auditOnnx(encodeModel(graph({ constants }))).notFinite, ['bad']);
});

test('an operator outside the list is named', () => {
  const nodes = [{ op: 'Loop', inputs: ['x'], outputs: ['y'] }];
  assert.deepEqual(auditOnnx(encodeModel(graph({ nodes }))).faults, ['operator Loop is not allowed']);
});

const model18 = (graphBytes: Buffer, opset = varint(2, 18)) =>
  Buffer.concat([varint(1, 9), field(7, graphBytes), field(8, opset)]);

for (const [name, bytes, fault] of [
  [
    'data outside the file',
    model18(field(5, Buffer.concat([varint(1, 1), varint(2, 1), text(8, 'w'), field(13, text(1, 'location')), varint(14, 1)]))),
    /weight 'w' lies outside the file/,
  ],
  [
    'an operator of another domain',
    model18(field(1, Buffer.concat([text(4, 'Add'), text(7, 'com.evil')]))),
    /of the domain 'com\.evil'/,
  ],
  [
    'a graph inside an operator',
    model18(field(1, Buffer.concat([text(4, 'Add'), field(5, field(6, text(2, 'g')))]))),
    /a graph of its own/,
  ],
  ['an old operator set', model18(Buffer.alloc(0), varint(2, 7)), /version 7 is not one of 18/],
  ['a foreign operator set', model18(Buffer.alloc(0), Buffer.concat([text(1, 'com.evil'), varint(2, 18)])), /'com\.evil'/],
  ['local functions', Buffer.concat([GOOD, field(25, text(1, 'f'))]), /local functions/],
  ['a training graph', Buffer.concat([GOOD, field(20, text(1, 't'))]), /training graph/],
  ['weights of text', model18(field(5, Buffer.concat([varint(2, 8), text(8, 'w')]))), /element type 8/],
] as const)
  test(`${name} is refused`, () => {
    assert.match(auditOnnx(bytes).faults.join(), fault);
  });

test('a file without a graph, or with two, is none', () => {
  assert.throws(() => auditOnnx(Buffer.alloc(0)), RangeError);
  assert.throws(() => auditOnnx(Buffer.concat([GOOD, field(7, Buffer.alloc(0))])), RangeError);
});

test('no bytes make the reader do anything but answer or refuse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(GOOD.length - 1), (noise, at) => {
      for (const bytes of [Buffer.from(noise), Buffer.concat([GOOD.subarray(0, at), Buffer.from(noise)])]) {
        try {
          auditOnnx(bytes);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }
    }),
    { numRuns: 300 },
  );
});
