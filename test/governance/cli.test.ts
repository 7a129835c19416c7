import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRuntime } from '../../app/runtime.ts';

const cli = join(import.meta.dirname, '../../bin/millrace.ts');

async function inData(
  body: (run: (...args: string[]) => { status: number | null; stdout: string; stderr: string }, dataDir: string) => void,
): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  try {
    const runtime = openRuntime({ dataDir });
    await (await runtime.use('keys')).subject('ada@example.org');
    const audit = await runtime.use('audit');
    for (let i = 0; i < 3; i++)
      await audit.append({ action: 'delivery.gate.verdict', actor: 'gate', subject: `unit-${i}`, outcome: 'done' });
    await runtime.close();
    body((...args) => spawnSync(process.execPath, [cli, '--data', dataDir, ...args], { encoding: 'utf8' }), dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test('audit verify answers 0 for a whole log and 1 with the first broken record for another', () =>
  inData((run, dataDir) => {
    const whole = run('governance', 'audit', 'verify');
    assert.equal(whole.status, 0, whole.stderr);
    assert.match(whole.stdout, /^verified: 3 records, root [0-9a-f]{64}\n$/);
    const path = join(dataDir, 'audit', 'records.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('unit-1', 'unit-9'));
    const broken = run('--json', 'governance', 'audit', 'verify');
    assert.equal(broken.status, 1);
    assert.deepEqual(JSON.parse(broken.stdout), {
      verified: false,
      size: 1,
      brokenAt: 1,
      reason: 'the record is not the one that was signed (checkpoint of the witness)',
    });
  }));

test('a token is printed as callers bring it, the log says that it was shown and not what it is; another name is refused', () =>
  inData((run) => {
    const shown = run('governance', 'token', 'collector', '--as', 'platform engineer');
    assert.equal(shown.status, 0, shown.stderr);
    const token = shown.stdout.trim();
    assert.match(token, /^[\w-]{43}$/);
    assert.deepEqual(JSON.parse(run('--json', 'governance', 'token', 'collector').stdout), { for: 'collector', token });
    assert.notEqual(run('governance', 'token', 'registry').stdout.trim(), token);
    const tail = run('governance', 'audit', 'tail').stdout;
    assert.match(tail, /governance\.token\.read {2}done {2}platform engineer {2}collector-token/);
    assert.ok(!tail.includes(token));
    const refused = run('governance', 'token', 'erasure-request');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /collector, registry, recommend/);
  }));

test('audit tail prints the newest records, and JSON under --json', () =>
  inData((run) => {
    const tail = run('governance', 'audit', 'tail', '-n', '2');
    assert.deepEqual(
      tail.stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[0]),
      ['1', '2'],
    );
    const json = JSON.parse(run('--json', 'governance', 'audit', 'tail').stdout) as { subject: string }[];
    assert.deepEqual(
      json.map(({ subject }) => subject),
      ['unit-0', 'unit-1', 'unit-2'],
    );
    assert.equal(run('governance', 'audit', 'tail', '-n', 'many').status, 2);
  }));

test('erase prints and keeps a signed report; again it says that nobody is there, without the id', () =>
  inData((run, dataDir) => {
    const done = run('governance', 'erase', 'ada@example.org');
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /^Erased s_[\w-]{22} on .*\(audit record 3\)/);
    assert.equal(
      readdirSync(join(dataDir, 'objects', 'erasures', 'retail'), { withFileTypes: true }).filter((one) => one.isFile()).length,
      1,
    );
    const again = run('governance', 'erase', 'ada@example.org');
    assert.equal(again.status, 1);
    assert.match(again.stderr, /^MR_GOVERNANCE_SUBJECT_UNKNOWN: /);
    assert.doesNotMatch(done.stdout + again.stderr, /ada@|at file:/);
    assert.match(run('governance', 'audit', 'verify').stdout, /verified: 5 records/);
  }));

test('whom to erase may be said by a file, and is said once', () =>
  inData((run, dataDir) => {
    const file = join(dataDir, 'subject');
    writeFileSync(file, 'ada@example.org\n');
    const twice = run('governance', 'erase', 'ada@example.org', '--subject-file', file);
    assert.match(twice.stderr, /^MR_GOVERNANCE_SUBJECT_UNSAID: /);
    assert.match(run('governance', 'erase').stderr, /^MR_GOVERNANCE_SUBJECT_UNSAID: /);
    const done = run('governance', 'erase', '--subject-file', file, '--as', 'data protection officer');
    assert.equal(done.status, 0, done.stderr);
    assert.match(run('governance', 'audit', 'tail').stdout, /subject\.erase {2}done {2}data protection officer {2}s_/);
  }));

test('record of a version that is not there names the next step', () =>
  inData((run) => {
    const none = run('governance', 'record', '7');
    assert.equal(none.status, 1);
    assert.match(none.stderr, /MR_REGISTRY_VERSION_UNKNOWN[\s\S]*next/);
    assert.equal(run('governance', 'record', 'seven').status, 2);
  }));
