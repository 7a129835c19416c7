/** A vector of float32, little-endian, as an embedding is sealed. The bytes are copied, since a Buffer may lie at an odd address. */
export function decodeVector(bytes: Buffer): Float32Array {
  if (bytes.length === 0 || bytes.length % 4 !== 0)
    throw new RangeError(`a vector of ${bytes.length} bytes; expected a multiple of 4`);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
