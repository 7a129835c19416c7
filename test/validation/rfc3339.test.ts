import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTimestamp } from '../../app/clock/timestamp.ts';
import { parseTimestamp } from '../../app/validation/rfc3339.ts';

const micros = (iso: string) => Date.parse(iso) * 1000;

test('microseconds and offsets are read exactly', () => {
  const noon = micros('2026-03-01T12:00:00Z');
  assert.equal(parseTimestamp('2026-03-01T12:00:00Z'), noon);
  assert.equal(parseTimestamp('2026-03-01t12:00:00z'), noon);
  assert.equal(parseTimestamp('2026-03-01T12:00:00.000001Z'), noon + 1);
  assert.equal(parseTimestamp('2026-03-01T12:00:00.5Z'), noon + 500_000);
  assert.equal(parseTimestamp('2026-03-01T12:00:00.123456Z'), noon + 123_456);
  assert.equal(parseTimestamp('2026-03-01T12:00:00.123456999Z'), noon + 123_456, 'further digits are cut');
  assert.equal(parseTimestamp('2026-03-01T14:30:00+02:30'), noon);
  assert.equal(parseTimestamp('2026-03-01T04:00:00-08:00'), noon);
  assert.equal(parseTimestamp('2026-03-02T00:00:00+12:00'), noon);
  assert.equal(parseTimestamp('2026-03-01T12:00:00-00:00'), noon);
  assert.equal(parseTimestamp('1969-12-31T23:59:59.999999Z'), -1);
});

test('days, hours and forms that do not exist are no time', () => {
  const impossible = [
    ['2026-02-29T00:00:00Z', 'no leap year'],
    ['2100-02-29T00:00:00Z', 'no leap year, by the century rule'],
    ['2026-04-31T00:00:00Z', 'April has 30 days'],
    ['2026-00-10T00:00:00Z', 'month 0'],
    ['2026-13-10T00:00:00Z', 'month 13'],
    ['2026-01-00T00:00:00Z', 'day 0'],
    ['2026-01-01T24:00:00Z', 'hour 24'],
    ['2026-01-01T23:60:00Z', 'minute 60'],
    ['2026-01-01T23:59:61Z', 'second 61'],
    ['2026-01-01T12:00:60Z', 'a leap second at noon'],
    ['2026-01-01T00:00:00', 'no offset'],
    ['2026-01-01T00:00:00.Z', 'a point without digits'],
    ['2026-01-01T00:00:00,5Z', 'a comma'],
    ['2026-01-01T00:00:00+0200', 'an offset without its colon'],
    ['2026-01-01T00:00:00+24:00', 'offset of a day'],
    ['2026-01-01T00:00:00+02:60', 'offset minute 60'],
    ['2026-01-01T00:00:00Z ', 'a trailing space'],
    [' 2026-01-01T00:00:00Z', 'a leading space'],
    ['2026-01-01 00:00:00Z', 'a space for the T'],
    ['2026-1-01T00:00:00.0Z', 'a month of one digit'],
    ['+02026-01-01T00:00:00Z', 'a year of more digits'],
    ['２026-01-01T00:00:00Z', 'a digit that is not ASCII'],
    ['1600-01-01T00:00:00Z', 'a moment microseconds cannot hold'],
    ['0000-01-01T00:00:00Z', 'the year 0'],
    [`2026-01-01T00:00:00.${'0'.repeat(40)}Z`, 'more than 40 characters'],
    ['', 'nothing'],
  ] as const;
  for (const [text, why] of impossible) assert.equal(parseTimestamp(text), undefined, `${text}: ${why}`);
});

test('a leap day is a day, a leap second is the second after it', () => {
  assert.equal(parseTimestamp('2024-02-29T00:00:00Z'), micros('2024-02-29T00:00:00Z'));
  assert.equal(parseTimestamp('2000-02-29T00:00:00Z'), micros('2000-02-29T00:00:00Z'));
  assert.equal(parseTimestamp('2016-12-31T23:59:60Z'), micros('2017-01-01T00:00:00Z'));
  assert.equal(parseTimestamp('2016-12-31T18:59:60-05:00'), micros('2017-01-01T00:00:00Z'));
});

test('what is formatted is read back to the microsecond, in any offset', () => {
  const moment = fc.integer({ min: -8_000_000_000_000_000, max: 8_900_000_000_000_000 });
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (at, offset) => {
      assert.equal(parseTimestamp(formatTimestamp(at)), at);
      const local = formatTimestamp(at + offset * 60_000_000).slice(0, -1);
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) =>
        String(part).padStart(2, '0'),
      );
      assert.equal(parseTimestamp(`${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`), at);
    }),
  );
});

test('days agree with the platform calendar over four centuries', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1700-01-01'), max: new Date('2250-01-01'), noInvalidDate: true }), (date) => {
      assert.equal(parseTimestamp(date.toISOString()), date.getTime() * 1000);
    }),
  );
});
