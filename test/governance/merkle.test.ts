import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../app/governance/audit-sink/merkle.ts';

/** The eight entries and roots that Certificate Transparency's own tests use (RFC 6962). */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const entries = ENTRIES.map((hex) => leafHash(Buffer.from(hex, 'hex')));

test('roots equal those of the Certificate Transparency reference', () => {
  assert.equal(merkleRoot([]).toString('hex'), createHash('sha256').digest('hex'));
  for (const [i, root] of ROOTS.entries()) assert.equal(merkleRoot(entries.slice(0, i + 1)).toString('hex'), root);
});

test('proofs equal those of the Certificate Transparency reference', () => {
  const hex = (proof: readonly Buffer[]) => proof.map((node) => node.toString('hex'));
  assert.deepEqual(hex(inclusionProof(entries, 5)), [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  assert.deepEqual(hex(inclusionProof(entries.slice(0, 3), 2)), [ROOTS[1]]);
  assert.deepEqual(hex(consistencyProof(entries, 6)), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  assert.deepEqual(hex(consistencyProof(entries.slice(0, 5), 2)), [
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]);
});

/** The definition of RFC 6962 §2.1, word for word. */
function definition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(definition(leaves.slice(0, k)))
    .update(definition(leaves.slice(k)))
    .digest();
}

const many = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));
const rootAt = Array.from({ length: 301 }, (_, size) => merkleRoot(many.slice(0, size)));

test('the incremental root is the defined one for every size up to 300', () => {
  for (let size = 1; size <= 300; size++) assert.deepEqual(rootAt[size], definition(many.slice(0, size)), `size ${size}`);
});

test('every inclusion proof holds for its leaf and for no other', () => {
  for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 100, 255, 256, 257, 300]) {
    const root = rootAt[size] as Buffer;
    for (let index = 0; index < size; index += size > 40 ? 7 : 1) {
      const proof = inclusionProof(many.slice(0, size), index);
      const leaf = many[index] as Buffer;
      assert.ok(verifyInclusion(proof, leaf, index, size, root), `${index} of ${size}`);
      assert.ok(!verifyInclusion(proof, leafHash(Buffer.from('other')), index, size, root));
      assert.ok(!verifyInclusion(proof, leaf, (index + 1) % size, size, root) || size === 1);
      assert.ok(!verifyInclusion([...proof, root], leaf, index, size, root));
      if (proof.length > 0) assert.ok(!verifyInclusion(proof.slice(1), leaf, index, size, root));
    }
  }
  assert.throws(() => inclusionProof(entries, 8), RangeError);
});

test('every consistency proof holds for its two trees and for no other', () => {
  for (let second = 0; second <= 300; second += second < 70 ? 1 : 23) {
    for (let first = 0; first <= second; first += first < 70 ? 1 : 17) {
      const proof = consistencyProof(many.slice(0, second), first);
      const [older, newer] = [
        { size: first, root: rootAt[first] as Buffer },
        { size: second, root: rootAt[second] as Buffer },
      ];
      assert.ok(verifyConsistency(proof, older, newer), `${first} to ${second}`);
      const other = Buffer.alloc(32, 1);
      assert.ok(!verifyConsistency(proof, { ...older, root: other }, newer), `${first} to ${second}, wrong older root`);
      // Every tree begins with the empty one, whatever its root.
      if (first > 0)
        assert.ok(!verifyConsistency(proof, older, { ...newer, root: other }), `${first} to ${second}, wrong newer root`);
      assert.ok(!verifyConsistency([...proof, other], older, newer), `${first} to ${second}, longer proof`);
    }
  }
  assert.throws(() => consistencyProof(entries, 9), RangeError);
});
