import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSetting, saveSetting } from '../../../app/registry/metadata/settings.ts';
import { openMetadata } from '../ground.ts';

test('a setting is what was saved last, and nothing where none was', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-settings-'));
  const metadata = await openMetadata(dir);
  t.after(async () => {
    await metadata.close();
    rmSync(dir, { recursive: true });
  });
  assert.equal(await readSetting(metadata, 'a'), undefined);
  await saveSetting(metadata, 'a', '1');
  await saveSetting(metadata, 'b', 'other');
  await saveSetting(metadata, 'a', '2');
  assert.deepEqual([await readSetting(metadata, 'a'), await readSetting(metadata, 'b')], ['2', 'other']);
});
