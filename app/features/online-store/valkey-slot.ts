/** Slots of a cluster. */
const SLOTS = 16_384;

/** CRC-16/XMODEM, by which Valkey spreads keys over its slots (its cluster specification, appendix A). */
export function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
}

export const slotOf = (tag: string): number => crc16(Buffer.from(tag)) % SLOTS;

/**
 * Hash tags of a store's shards, one in each equal part of the slots: so a cluster that deals its slots out evenly keeps each
 * shard on a node of its own. They hold the number of shards: with another number it is another, empty store.
 */
export function tagsOf(shards: number): readonly string[] {
  return Array.from({ length: shards }, (_, shard) => {
    for (let n = 0; ; n += 1) {
      const tag = `${shard}/${shards}.${n}`;
      if (Math.floor((slotOf(tag) * shards) / SLOTS) === shard) return tag;
    }
  });
}

export const shardOf = (entity: string, shards: number): number => (shards === 1 ? 0 : crc16(Buffer.from(entity)) % shards);
