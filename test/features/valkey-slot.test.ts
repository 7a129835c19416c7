import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc16, shardOf, slotOf, tagsOf } from '../../app/features/online-store/valkey-slot.ts';

test("slots are those of Valkey's own specification", () => {
  assert.equal(crc16(Buffer.from('123456789')), 0x31c3);
  assert.equal(slotOf('foo'), 12_182);
});

test('each shard has a tag in its own equal part of the slots, and another number of shards has other tags', () => {
  const seen = new Set<string>();
  for (let shards = 1; shards <= 40; shards += 1) {
    const tags = tagsOf(shards);
    assert.deepEqual(
      tags.map((tag) => Math.floor((slotOf(tag) * shards) / 16_384)),
      tags.map((_, shard) => shard),
    );
    for (const tag of tags) {
      assert.ok(!seen.has(tag), tag);
      seen.add(tag);
    }
  }
});

test('an entity lies on one of the shards, always the same', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 90 }), (entity, shards) => {
      const shard = shardOf(entity, shards);
      assert.ok(Number.isInteger(shard) && shard >= 0 && shard < shards);
      assert.equal(shardOf(entity, shards), shard);
    }),
  );
});
