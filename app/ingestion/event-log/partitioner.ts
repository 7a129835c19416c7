/** Murmur2 with Kafka's seed, 32 bits, signed: the hash of Kafka's default partitioner. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const whole = data.length & ~3;
  let h = 0x9747b28c ^ data.length;
  for (let i = 0; i < whole; i += 4) {
    let k = ((data[i] ?? 0) | ((data[i + 1] ?? 0) << 8) | ((data[i + 2] ?? 0) << 16) | ((data[i + 3] ?? 0) << 24)) >>> 0;
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = data.length - whole;
  if (rest > 2) h ^= (data[whole + 2] ?? 0) << 16;
  if (rest > 1) h ^= (data[whole + 1] ?? 0) << 8;
  if (rest > 0) h = Math.imul(h ^ (data[whole] ?? 0), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return (h ^ (h >>> 15)) | 0;
}

/** Partition of a key: the same as Kafka's default partitioner chooses. */
export const partitionOf = (key: string, partitions: number): number =>
  partitions === 1 ? 0 : (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions;
