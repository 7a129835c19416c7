import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('opening a model leaves no id of the machine behind, by which the runtime would tell its makers of it', () => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-home-'));
  try {
    const recommender = join(import.meta.dirname, '../../app/training/recommender.ts');
    const script = `const { openSession } = await import(${JSON.stringify(recommender)});
      await openSession(Buffer.from('no model')).then(() => process.exit(1), () => undefined);`;
    const { ORT_DISABLE_TELEMETRY: _own, XDG_CACHE_HOME: _cache, ...environment } = process.env;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { env: { ...environment, HOME: home } });
    assert.deepEqual(readdirSync(home), []);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
