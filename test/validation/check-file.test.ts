import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MillraceError } from '../../app/errors.ts';
import { checkFile, type LineVerdict } from '../../app/validation/check-file.ts';
import { clock, goodOrder, order } from './order-event.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-check-'));
});
after(() => rm(dir, { recursive: true }));

async function verdictsOf(path: string): Promise<readonly LineVerdict[]> {
  const verdicts: LineVerdict[] = [];
  for await (const verdict of checkFile(path, order, clock)) verdicts.push(verdict);
  return verdicts;
}

async function check(body: string | Buffer) {
  const path = join(dir, 'events.jsonl');
  await writeFile(path, body);
  const verdicts = await verdictsOf(path);
  return verdicts.map(
    ({ line, faults }) => `${line} ${faults.map(({ field, reason }) => `${field}: ${reason}`).join(', ') || 'ok'}`,
  );
}

const good = JSON.stringify(goodOrder);

test('each line has its verdict, empty lines are skipped but counted', async () => {
  const wrong = JSON.stringify({ ...goodOrder, total: -1 });
  assert.deepEqual(await check(`${good}\r\n\n  \n${wrong}\n[]\n${good}`), [
    '1 ok',
    '4 total: out of range',
    '5 (event): not an object',
    '6 ok',
  ]);
  assert.deepEqual(await check(''), []);
});

test('a line that is no JSON, or no UTF-8, is refused without repeating it', async () => {
  const bytes = Buffer.concat([
    Buffer.from(`${good}\n{"buyer": "ann\n{"buyer":"`),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('"}\n'),
  ]);
  assert.deepEqual(await check(bytes), ['1 ok', '2 (event): not an object', '3 (event): broken text']);
});

test('lines that span chunks are read whole, and one of more than a mebibyte is refused', async () => {
  const padded = good.replace('{', `{${' '.repeat(200_000)}`);
  const long = good.replace('{', `{${' '.repeat(1_200_000)}`);
  assert.deepEqual(await check(`${padded}\n${long}\n${good}\n`), ['1 ok', '2 (event): too long', '3 ok']);
});

test('a file that is not there is named', async () => {
  const path = join(dir, 'none.jsonl');
  await assert.rejects(verdictsOf(path), (error: unknown) => {
    assert.ok(error instanceof MillraceError);
    assert.equal(error.code, 'MR_VALIDATION_FILE_UNREADABLE');
    assert.equal(error.value, path);
    return true;
  });
});
