import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedVerdict } from '../../app/registry/version.ts';
import { verdictStates } from '../../pipelines/loop/verdict-state.ts';

const recorded = (version: number, checks: readonly object[]): RecordedVerdict => ({
  ...{ model: 'm', version, unitId: 'u', verdict: 'passed', at: version },
  evidence: JSON.stringify({ checks }),
  signature: { keyId: 'k', value: 's' } as unknown as RecordedVerdict['signature'],
});

test('the newest verdict comes first, and its checks are readable', () => {
  const check = (measured: unknown) => ({ name: 'c', passed: true, measured, limit: null, reason: 'r' });
  const states = verdictStates([recorded(1, []), recorded(2, [check(0.123456), check(null), check('text'), check([1])])]);
  assert.deepEqual(
    states.map(({ version }) => version),
    [2, 1],
  );
  assert.deepEqual(
    states[0]?.checks.map(({ measured, limit }) => [measured, limit]),
    [
      ['0.1235', 'none'],
      ['none', 'none'],
      ['text', 'none'],
      ['[1]', 'none'],
    ],
  );
});
