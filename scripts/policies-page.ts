/** Writes docs/policies.md, the catalogue of rules, from the rules themselves. `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../policies/catalogue.ts';
import { policiesPage } from '../policies/page.ts';

const file = join(import.meta.dirname, '../docs/policies.md');
const page = policiesPage(RULES);
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== page) {
    process.stderr.write('docs/policies.md is not what the rules say. Run node scripts/policies-page.ts\n');
    process.exitCode = 1;
  }
} else writeFileSync(file, page);
