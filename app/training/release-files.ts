import { canonicalJson } from '../canonical.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import { sha256 } from '../registry/digest.ts';
import type { FileDigest, ReleaseFile } from '../registry/release.ts';

export type ReleaseBytes = Readonly<Record<ReleaseFile, Buffer>>;

export interface ReleaseAddress {
  /** `releases/<model>/<contents>/`. */
  readonly prefix: string;
  readonly files: Readonly<Record<ReleaseFile, FileDigest>>;
}

/** The contents' hash covers the name and digest of each file: other bytes have another address, and none is overwritten. */
export function addressOf(model: string, bytes: ReleaseBytes): ReleaseAddress {
  const digest = (file: Buffer): FileDigest => ({ sha256: sha256(file), bytes: file.length });
  const files = {
    'model.onnx': digest(bytes['model.onnx']),
    'model.json': digest(bytes['model.json']),
    'profile.json': digest(bytes['profile.json']),
    'card.md': digest(bytes['card.md']),
  };
  return { prefix: `releases/${model}/${sha256(canonicalJson(files))}/`, files };
}

/** Writes the files where they are not yet. A run killed in between leaves files that no manifest names. */
export async function writeRelease(objects: ObjectStore, { prefix }: ReleaseAddress, bytes: ReleaseBytes): Promise<void> {
  for (const [file, body] of Object.entries(bytes)) await objects.putIfAbsent(`${prefix}${file}`, body);
}
