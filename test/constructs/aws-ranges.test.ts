import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPrivate, parseRange, zoneRanges } from '../../constructs/cluster/aws-ranges.ts';

test('the ranges of the zones lie in the network and do not overlap', () => {
  const [first] = zoneRanges('10.0.0.0/16');
  assert.deepEqual(first, { nodes: '10.0.0.0/18', edge: '10.0.192.0/22', stores: '10.0.204.0/22' });
  const spans = (cidr: string): readonly [number, number] => {
    const [address = '', prefix] = cidr.split('/');
    const from = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    return [from, from + 2 ** (32 - Number(prefix))];
  };
  for (const cidr of ['10.20.0.0/16', '172.16.128.0/18', '192.168.16.0/20']) {
    const [low, high] = spans(cidr);
    const ranges = zoneRanges(cidr)
      .flatMap(({ nodes, edge, stores }) => [nodes, edge, stores].map(spans))
      .sort(([a], [b]) => a - b);
    assert.equal(ranges.length, 9);
    for (const [index, [from, to]] of ranges.entries()) {
      assert.ok(from >= low && to <= high, cidr);
      assert.ok(from >= (ranges[index - 1]?.[1] ?? low), `${cidr}: range ${index} overlaps`);
    }
  }
});

test('a range with bits behind its prefix, or that is none, is told from one', () => {
  assert.deepEqual(parseRange('10.0.0.0/8'), { base: 10 * 2 ** 24, prefix: 8 });
  for (const wrong of ['10.0.0.1/8', '10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', 'ten'])
    assert.equal(parseRange(wrong), undefined, wrong);
});

test('private ranges are told from those of the internet, at their borders too', () => {
  for (const inside of ['10.0.0.0/8', '10.255.255.0/24', '172.31.0.0/16', '192.168.1.0/24', '100.127.0.0/16'])
    assert.equal(isPrivate(inside), true, inside);
  for (const outside of ['9.0.0.0/8', '11.0.0.0/8', '172.32.0.0/16', '192.169.0.0/16', '100.128.0.0/16', '172.0.0.0/8'])
    assert.equal(isPrivate(outside), false, outside);
});
