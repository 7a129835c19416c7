import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RULES } from '../../policies/catalogue.ts';
import { policiesPage } from '../../policies/page.ts';

test('the page of policies is what the rules say', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/policies.md'), 'utf8');
  assert.equal(page, policiesPage(RULES), 'run node scripts/policies-page.ts');
});
