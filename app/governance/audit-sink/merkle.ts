import { createHash } from 'node:crypto';

/** Merkle tree over a growing list, as in RFC 6962 §2.1 and RFC 9162 §2.1; all hashes are SHA-256, 32 bytes. */
export function leafHash(entry: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(entry).digest();
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

const EMPTY = createHash('sha256').digest();

/** The right edge of the tree: the roots of its full subtrees, largest first. Appending and the root take O(log n). */
export class Frontier {
  #size = 0;
  #roots: Buffer[] = [];

  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer): void {
    let node = leaf;
    // Each trailing 1 bit of the old size is a full subtree that the new leaf completes.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#roots.pop();
      if (left !== undefined) node = nodeHash(left, node);
    }
    this.#roots.push(node);
    this.#size += 1;
  }

  root(): Buffer {
    const last = this.#roots.at(-1);
    return last === undefined ? EMPTY : this.#roots.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
  }

  copy(): Frontier {
    const copy = new Frontier();
    copy.#size = this.#size;
    copy.#roots = [...this.#roots];
    return copy;
  }
}

export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  const tree = new Frontier();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** Largest power of two below `size`, which is at least 2. */
function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** Hashes that lead from leaf `index` to the root (RFC 9162 §2.1.3.1). */
export function inclusionProof(leaves: readonly Buffer[], index: number): readonly Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new RangeError(`leaf ${index} is not in a tree of ${leaves.length}`);
  }
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...inclusionProof(leaves.slice(0, k), index), merkleRoot(leaves.slice(k))]
    : [...inclusionProof(leaves.slice(k), index - k), merkleRoot(leaves.slice(0, k))];
}

/** Checks that `leaf` is number `index` of the tree with this size and root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(proof: readonly Buffer[], leaf: Buffer, index: number, size: number, root: Buffer): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const node of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(node, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      hash = nodeHash(hash, node);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && hash.equals(root);
}

/** Hashes that show the tree of the first `first` leaves to be the beginning of this one (RFC 9162 §2.1.4.1). */
export function consistencyProof(leaves: readonly Buffer[], first: number): readonly Buffer[] {
  if (!Number.isInteger(first) || first < 0 || first > leaves.length) {
    throw new RangeError(`${first} leaves do not begin a tree of ${leaves.length}`);
  }
  return first === 0 ? [] : subproof(leaves, first, true);
}

function subproof(leaves: readonly Buffer[], first: number, whole: boolean): readonly Buffer[] {
  if (first === leaves.length) return whole ? [] : [merkleRoot(leaves)];
  const k = split(leaves.length);
  return first <= k
    ? [...subproof(leaves.slice(0, k), first, whole), merkleRoot(leaves.slice(k))]
    : [...subproof(leaves.slice(k), first - k, false), merkleRoot(leaves.slice(0, k))];
}

/** Checks that the tree of `first` leaves begins the tree of `second` (RFC 9162 §2.1.4.2). */
export function verifyConsistency(
  proof: readonly Buffer[],
  first: { readonly size: number; readonly root: Buffer },
  second: { readonly size: number; readonly root: Buffer },
): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && first.root.equals(second.root);
  if (first.size === 0) return proof.length === 0 && first.root.equals(EMPTY);
  const powerOfTwo = split(first.size * 2) === first.size;
  const path = powerOfTwo ? [first.root, ...proof] : [...proof];
  const start = path.shift();
  if (start === undefined) return false;
  let [fn, sn] = [first.size - 1, second.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [fr, sr] = [start, start];
  for (const node of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(node, fr), nodeHash(node, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      sr = nodeHash(sr, node);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr.equals(first.root) && sr.equals(second.root);
}
