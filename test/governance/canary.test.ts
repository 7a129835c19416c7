import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findAnywhere } from './canary.ts';

const TEXT = 'ada.canary@example.org';

test('the search for canaries finds each form of a text', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-canary-'));
  for (const [i, encoding] of (['utf8', 'hex', 'base64', 'base64url', 'utf16le'] as const).entries()) {
    const bytes =
      encoding === 'utf16le' ? Buffer.from(`x${TEXT}y`, 'utf16le') : Buffer.from(Buffer.from(`x${TEXT}y`).toString(encoding));
    writeFileSync(join(dir, `${i}`), bytes);
  }
  assert.equal(findAnywhere(dir, TEXT).length, 5);
  rmSync(dir, { recursive: true });
});
