import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../app/features/byte-reader.ts';
import { ByteWriter } from '../../app/features/byte-writer.ts';
import { readIds, writeIds } from '../../app/features/column-codec.ts';
import { decodeState, encodeState } from '../../app/features/row-codec.ts';
import { applyEvent, emptyState, evaluate, type StreamState } from '../../app/features/state.ts';
import type { Row } from '../../app/usecases/event.ts';
import { defineFeatureView, over } from '../../app/usecases/feature.ts';
import { buyer, purchaseEvent } from './purchase-event.ts';

const MINUTE = 60_000_000;
const START = 1_780_000_000_000_000;
const event = purchaseEvent('1m');
const purchases = over(event);
const view = defineFeatureView({
  name: 'buying',
  entity: buyer,
  source: event,
  owner: 'test',
  features: {
    count: purchases.count({ where: { gift: true }, over: '1h' }),
    spent: purchases.sum('price', { over: '10m' }),
    kinds: purchases.lastN('kind', 2, { over: '1h' }),
    due: purchases.last('due', { over: '1h' }),
  },
});
const rowAt = (i: number, more: Row = {}): Row => ({
  ...{
    id: `event-${i}`,
    who: 'ann',
    at: START + i * MINUTE,
    pieces: i,
    price: i / 3,
    kind: `k${i % 3}`,
    gift: i % 2 === 0,
    due: -i,
  },
  ...more,
});
const stateOf = (rows: readonly Row[]): StreamState =>
  rows.reduce((state, row, offset) => applyEvent(view, state, row, { partition: 3, offset: offset * 2 }), emptyState(view));
const forty = Array.from({ length: 40 }, (_, i) => rowAt(i));

test('numbers and texts come back as they were', () => {
  const any = fc.record({
    unsigned: fc.maxSafeNat(),
    signed: fc.maxSafeInteger(),
    double: fc.double({ noNaN: true }),
    text: fc.string({ unit: 'binary' }),
    flags: fc.array(fc.boolean(), { maxLength: 20 }),
    ids: fc.array(
      fc.option(
        fc.oneof(
          fc.uuid(),
          fc.string({ unit: 'grapheme' }),
          fc.nat(999).map((n) => `event-${n}`),
        ),
        { nil: undefined },
      ),
    ),
  });
  fc.assert(
    fc.property(any, ({ unsigned, signed, double, text, flags, ids }) => {
      const writer = new ByteWriter();
      writer.unsigned(unsigned);
      writer.signed(signed);
      writer.double(double);
      writer.text(text);
      writer.flags(flags);
      writeIds(writer, ids);
      const reader = new ByteReader(writer.finish());
      const read = [
        reader.unsigned(),
        reader.signed(),
        reader.double(),
        reader.text(),
        reader.flags(flags.length),
        readIds(reader, ids.length),
      ];
      // The sign of zero is lost among whole numbers only.
      assert.deepEqual(read, [unsigned, signed + 0, double, text, flags, ids]);
      assert.ok(reader.ended);
    }),
  );
});

test('a row keeps values, partition and offset, and is a fraction of its JSON', () => {
  const state = stateOf(forty);
  const t = START + 40 * MINUTE;
  const before = evaluate(view, state, t);
  const bytes = encodeState(view, state);
  const read = decodeState(view, bytes) as StreamState;
  assert.deepEqual(evaluate(view, read, t), before);
  assert.deepEqual([read.partition, read.nextOffset, read.newest], [3, 79, START + 39 * MINUTE]);
  assert.deepEqual(encodeState(view, read), bytes);
  assert.ok(bytes.length < JSON.stringify(forty).length / 10, `${bytes.length} bytes`);
});

test('what no legal moment needs is let go, and an earlier moment is refused instead of answered wrong', () => {
  const state = stateOf([...Array.from({ length: 200 }, (_, i) => rowAt(i))]);
  encodeState(view, state);
  assert.ok(state.events.length <= 62, `${state.events.length} events for a window of an hour and a minute ahead`);
  assert.equal(state.events.filter(({ id }) => id !== undefined).length, 3, 'ids of what lastN and last may show');
  assert.throws(() => evaluate(view, state, START + 197 * MINUTE), { code: 'MR_FEATURES_MOMENT_SETTLED' });
  assert.equal(evaluate(view, state, START + 198 * MINUTE).count, 30);
});

test('a row of another definition or layout reads as missing', () => {
  const bytes = encodeState(view, stateOf(forty));
  const changed = defineFeatureView({ ...view, features: { ...view.features, spent: purchases.sum('price', { over: '11m' }) } });
  assert.equal(decodeState(changed, bytes), undefined);
  assert.notEqual(decodeState({ ...view, owner: 'another' }, bytes), undefined);
  assert.equal(decodeState(view, Buffer.concat([Buffer.from([2]), bytes.subarray(1)])), undefined);
  assert.equal(decodeState(view, Buffer.alloc(0)), undefined);
});

test('a row cut anywhere, or with bytes after its end, is refused', () => {
  const bytes = encodeState(view, stateOf(forty));
  for (let length = 9; length < bytes.length; length++) {
    assert.throws(() => decodeState(view, bytes.subarray(0, length)), { code: 'MR_FEATURES_ROW_CORRUPT' }, `${length} bytes`);
  }
  assert.throws(() => decodeState(view, Buffer.concat([bytes, Buffer.from([0])])), { code: 'MR_FEATURES_ROW_CORRUPT' });
});

test('an event at an offset that was applied counts once, one of another partition is refused', () => {
  const state = stateOf(forty);
  const again = applyEvent(view, state, rowAt(39), { partition: 3, offset: 78 });
  assert.equal(again.events.length, 40);
  assert.throws(() => applyEvent(view, state, rowAt(40), { partition: 2, offset: 100 }), { code: 'MR_FEATURES_PARTITION_MOVED' });
});
