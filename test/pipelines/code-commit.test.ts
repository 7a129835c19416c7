import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeCommit } from '../../pipelines/code-commit.ts';

test('an image that states its commit is believed, and a checkout is asked otherwise', async () => {
  const before = process.env['MILLRACE_CODE_COMMIT'];
  try {
    process.env['MILLRACE_CODE_COMMIT'] = 'a'.repeat(40);
    assert.equal(await codeCommit(), 'a'.repeat(40));
    delete process.env['MILLRACE_CODE_COMMIT'];
    assert.match(await codeCommit(), /^([0-9a-f]{40}(-dirty)?|unknown)$/);
  } finally {
    if (before !== undefined) process.env['MILLRACE_CODE_COMMIT'] = before;
  }
});
