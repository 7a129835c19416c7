import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'millrace-synth-'));
const text = new Map<string, string>();

const synth = (name: string): ReadonlyMap<string, string> => {
  const at = join(folder, name);
  execFileSync(process.execPath, [join(root, 'scripts/synth.ts'), 'staging', at], { cwd: root });
  return new Map(readdirSync(at).map((file) => [file, readFileSync(join(at, file), 'utf8')]));
};

before(() => {
  for (const [file, body] of synth('once')) text.set(file, body);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('manifests are the same bytes when they are written twice', () => {
  assert.ok(text.size > 10);
  assert.deepEqual(synth('twice'), text);
});

test('a reader of YAML 1.1, as kubectl is, finds in manifests what a reader of YAML 1.2 finds', () => {
  for (const [file, body] of text) {
    const read = (version: '1.1' | '1.2') => parseAllDocuments(body, { version, merge: false }).map((one) => one.toJS());
    assert.deepEqual(read('1.1'), read('1.2'), file);
  }
});
