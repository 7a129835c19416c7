import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const script = join(import.meta.dirname, '../../scripts/findings.ts');
const resource = (status: string) => ({ filename: 'a.yaml', kind: 'Job', name: 'one', status, msg: 'no such field' });
const score = (grade: number, skipped = false) => [
  {
    object_name: 'Job/one',
    checks: [{ check: { id: 'pod-limits' }, grade, skipped, comments: [{ path: '', summary: 'no limit' }] }],
  },
];
const checked = (failed: number, skipped = 0) => ({
  summary: { passed: 5, failed, skipped, parsing_errors: 0 },
  results: {
    failed_checks: Array.from({ length: failed }, () => ({ check_id: 'CKV_1', resource: 'Job.one', check_name: 'a check' })),
    skipped_checks: Array.from({ length: skipped }, () => ({ check_id: 'CKV_2', resource: 'Job.one', check_name: 'a check' })),
  },
});
const CLEAN = {
  'dev.kubeconform': JSON.stringify({ resources: [resource('statusValid'), resource('statusSkipped')] }),
  'dev.kube-score': JSON.stringify([...score(10), ...score(1, true)]),
  'dev.checkov': JSON.stringify(checked(0)),
  'dev.pod-security': '3 pods, 0 refused\n',
  'Dockerfile.checkov': JSON.stringify(checked(0)),
  'Dockerfile.hadolint': '[]',
};

/** What is printed of the judges' words, and how the script ends. */
function counted(words: Readonly<Record<string, string>>): { readonly text: string; readonly code: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-findings-'));
  try {
    for (const [file, text] of Object.entries({ ...CLEAN, ...words })) {
      writeFileSync(join(folder, file), text);
      writeFileSync(join(folder, `${file}.err`), 'why it ended');
    }
    const { stdout, status } = spawnSync(process.execPath, [script, folder, 'dev'], { encoding: 'utf8' });
    return { text: stdout, code: status };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('where no judge finds anything there are 0 findings, and what has no schema is counted', () => {
  const { text, code } = counted({});
  assert.equal(code, 0, text);
  assert.match(text, /^dev +kubeconform +0 findings {2}2 objects, 1 of them without a schema \(1 Job\)$/m);
  assert.match(text, /^0 findings$/m);
});

for (const [file, words, said] of [
  ['dev.kubeconform', JSON.stringify({ resources: [resource('statusInvalid')] }), 'a.yaml Job one: no such field'],
  ['dev.kubeconform', JSON.stringify({ resources: [resource('statusError')] }), 'a.yaml Job one: no such field'],
  ['dev.kube-score', JSON.stringify(score(5)), 'Job/one: pod-limits: no limit'],
  ['dev.checkov', JSON.stringify(checked(1)), 'CKV_1 Job.one: a check'],
  ['dev.checkov', JSON.stringify(checked(0, 1)), 'CKV_2 Job.one: a check'],
  ['dev.pod-security', 'a.yaml Job one: privileged\n1 pods, 1 refused\n', 'a.yaml Job one: privileged'],
  ['Dockerfile.hadolint', '[{"line":3,"code":"DL3007","message":"latest"}]', 'Dockerfile:3 DL3007 latest'],
  ['dev.kube-score', '', 'kube-score gave no verdict'],
  ['dev.kubeconform', '{"resources":[]}', 'kubeconform gave no verdict'],
] as const)
  test(`a finding of ${file} counts: ${said}`, () => {
    const { text, code } = counted({ [file]: words });
    assert.equal(code, 1);
    assert.match(text, /^1 findings$/m);
    assert.ok(text.includes(`\n  ${said}`), text);
  });
