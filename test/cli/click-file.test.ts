import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertUntouched, type Refusal, refusal, run, withFolder } from './front-door.ts';

const HEAD = 'user_id,item_id,kind,price,event_time';
const GOOD = 'u1,i1,view,3,2026-01-01T00:00:00Z';

/** Starts a turn from a file of these lines with these flags; checks that the folder stays as it was. */
async function refused(lines: readonly string[] | undefined, ...flags: readonly string[]): Promise<Refusal> {
  let told: Refusal | undefined;
  await withFolder(async (data, folder) => {
    const path = join(folder, 'clicks.csv');
    if (lines !== undefined) writeFileSync(path, `${lines.join('\n')}\n`);
    told = refusal(await run('start', '--once', '--port', '0', '--data', data, '--from', path, ...flags));
    await assertUntouched(data);
  });
  assert.ok(told !== undefined);
  return told;
}

test('a file that is not there', async () => {
  const { code, field, value, expected } = await refused(undefined);
  assert.deepEqual([code, field, expected], ['MR_INGESTION_FILE_MISSING', 'file', 'a readable file']);
  assert.match(String(value), /clicks\.csv$/);
});

test('a time that is none, by line and column', async () => {
  const { code, message, field, value, expected } = await refused([HEAD, GOOD, GOOD.replace(/2026.*/, 'yesterday')]);
  assert.deepEqual([code, field, value], ['MR_INGESTION_FILE_BROKEN', 'event_time', 'yesterday']);
  assert.match(message, /clicks\.csv, line 3, column event_time/);
  assert.match(expected ?? '', /RFC 3339/);
});

test('a time in another unit than the one named, by line and column', async () => {
  const { code, message, field } = await refused([HEAD, GOOD], '--time-unit', 'ms');
  assert.deepEqual([code, field], ['MR_INGESTION_FILE_BROKEN', 'event_time']);
  assert.match(message, /line 2, column event_time/);
});

test('a price that is no number, by line and column', async () => {
  const { code, message, field, value } = await refused([HEAD, GOOD, GOOD, GOOD.replace(',3,', ',cheap,')]);
  assert.deepEqual([code, field, value], ['MR_INGESTION_FILE_BROKEN', 'price', 'cheap']);
  assert.match(message, /line 4, column price/);
});

test('a row that is cut off, by line', async () => {
  const { code, message } = await refused([HEAD, GOOD, 'u1,i1']);
  assert.equal(code, 'MR_INGESTION_FILE_BROKEN');
  assert.match(message, /line 3/);
});

test('a mapped column that the file lacks', async () => {
  const { code, field, value, expected } = await refused([HEAD, GOOD], '--map', 'item_id=article');
  assert.deepEqual([code, field, value], ['MR_INGESTION_COLUMN_UNMAPPED', '--map item_id', 'article']);
  assert.equal(expected, `one of ${HEAD.replaceAll(',', ', ')}`);
});

for (const [map, code, value] of [
  ['item_id', 'MR_CLI_FLAG_INVALID', 'item_id'],
  ['item_id=a=b', 'MR_CLI_FLAG_INVALID', 'item_id=a=b'],
  ['=', 'MR_CLI_FLAG_INVALID', '='],
  ['article=item_id', 'MR_INGESTION_FLAG_INVALID', 'article'],
] as const) {
  test(`--map ${map}`, async () => {
    const told = await refused([HEAD, GOOD], '--map', map);
    assert.deepEqual([told.code, told.field, told.value], [code, '--map', value]);
    assert.ok(told.expected);
  });
}

test('--time-unit of no unit', async () => {
  const { code, field, value, expected } = await refused([HEAD, GOOD], '--time-unit', 'century');
  assert.deepEqual([code, field, value, expected], ['MR_CLI_FLAG_INVALID', '--time-unit', 'century', 's, ms, us, iso']);
});
