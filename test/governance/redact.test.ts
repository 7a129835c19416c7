import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { governanceError } from '../../app/governance/errors.ts';
import { personalNames, redactor } from '../../app/governance/redact.ts';
import { createLogger } from '../../app/logger.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

const CANARY = 'canary-7f3a';

function captured(personal: readonly string[] = []) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', personal, stream: { write: (line: string) => void lines.push(line) } });
  return { logger, lines };
}

test('the personal fields of the retail use case are known by name', () => {
  assert.deepEqual([...personalNames(retail)], ['user_id', 'address']);
});

test('no canary reaches a log line, wherever it is put', () => {
  const { logger, lines } = captured(['shoe_size']);
  logger.info({ user_id: CANARY }, 'flat');
  logger.info({ event: { userId: CANARY, address: CANARY, 'Shoe-Size': CANARY } }, 'nested');
  logger.info(
    { req: { method: 'POST', headers: { Authorization: `Bearer ${CANARY}`, cookie: CANARY, 'x-api-key': CANARY } } },
    'request',
  );
  logger.info({ rows: [{ list: [{ email: CANARY }] }] }, 'list');
  logger.info({ bytes: Buffer.from(CANARY) }, 'bytes');
  logger.child({ token: CANARY }).warn('child');
  logger
    .child({ module: 'x' })
    .child({ nested: { secret: CANARY } })
    .warn('grandchild');
  logger.error({ err: Object.assign(new Error('failed'), { row: CANARY, config: { token: CANARY } }) }, 'error');
  logger.error(
    Object.assign(new Error('failed', { cause: Object.assign(new Error('why'), { body: CANARY }) }), { data: CANARY }),
  );
  logger.error(
    { err: governanceError('MR_GOVERNANCE_SUBJECT_UNKNOWN', 'no such subject', { field: 'subject', value: CANARY }) },
    'ours',
  );
  logger.info(`sent Authorization: Bearer ${CANARY}-token to the peer`);
  logger.info('written by %s', `${CANARY}@example.org`);
  logger.info({ a: { b: { c: { d: { e: { f: { g: CANARY } } } } } } }, 'too deep to look');
  assert.equal(lines.length, 13);
  for (const line of lines) assert.doesNotMatch(line, /canary|Y2FuYXJ5/, line);
});

test('what explains a line stays: code, field, message, numbers, ids', () => {
  const { logger, lines } = captured();
  logger.info({ requestId: 'r-1', unitId: 'u-1', latencyMs: 3, list: [1, null, true] }, 'answered %d', 7);
  logger.error({ err: governanceError('MR_GOVERNANCE_KEYS_BUSY', 'held', { field: 'keyring' }) }, 'failed');
  logger.error(new Error('alone'));
  const [info, ours, alone] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    { ...info, time: 0 },
    { level: 'info', time: 0, requestId: 'r-1', unitId: 'u-1', latencyMs: 3, list: [1, null, true], msg: 'answered 7' },
  );
  const err = ours?.err as Record<string, string>;
  assert.deepEqual([err.code, err.field, err.message, err.type], ['MR_GOVERNANCE_KEYS_BUSY', 'keyring', 'held', 'MillraceError']);
  assert.match(String(err.stack), /redact\.test\.ts/);
  assert.equal(alone?.msg, 'alone');
});

test('redacting leaves its argument as it was', () => {
  const value = { user: { id: 1 }, list: ['a@example.org'] };
  assert.deepEqual(redactor()(value), { user: '[redacted]', list: ['[redacted]'] });
  assert.deepEqual(value, { user: { id: 1 }, list: ['a@example.org'] });
});

test('a logger with a file appends to it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-log-'));
  const file = join(dir, 'deep', 'millrace.log');
  for (const word of ['one', 'two']) createLogger({ file }).info(word);
  assert.deepEqual(
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['one', 'two'],
  );
  rmSync(dir, { recursive: true });
});
