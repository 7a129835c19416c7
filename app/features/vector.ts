import { endianness } from 'node:os';

/** A vector as bytes: float32, little-endian, as the lake and the online store hold it once it is opened. */
export function encodeVector(vector: Float32Array): Buffer {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return endianness() === 'LE' ? Buffer.from(bytes) : Buffer.from(bytes).swap32();
}

/** @throws RangeError where the bytes are not whole float32 numbers */
export function decodeVector(bytes: Buffer): Float32Array {
  if (bytes.length % 4 !== 0) throw new RangeError(`${bytes.length} bytes are no vector of float32`);
  const copy = new Uint8Array(bytes);
  if (endianness() !== 'LE') Buffer.from(copy.buffer).swap32();
  return new Float32Array(copy.buffer);
}
