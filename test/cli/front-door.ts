import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';

export const millrace = join(import.meta.dirname, '..', '..', 'bin', 'millrace.ts');

export interface Ended {
  /** Null where it did not end by itself. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest that a refused command may live; then it hangs. */
const HANGS_AFTER_MS = 20_000;

/** Runs `millrace ...` to its end. */
export function run(...args: readonly string[]): Promise<Ended> {
  const child: ChildProcess = spawn(process.execPath, [millrace, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
    });
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ code, ...said });
    });
  });
}

/** What a refused command says: its code, what is wrong, and the lines under it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly field: string | undefined;
  readonly value: unknown;
  readonly expected: string | undefined;
}

/** Reads a refusal. Fails where the command did not end with 1, told a stack, or left out what to do next. */
export function refusal({ code, stdout, stderr }: Ended): Refusal {
  assert.equal(code, 1, code === null ? `it hangs, after: ${stderr}` : stderr);
  assert.equal(stdout, '');
  assert.doesNotMatch(stderr, /^\s+at .*\d+:\d+\)?$/m);
  const head = /^(MR_[A-Z_]+): (.+)$/m.exec(stderr);
  const line = (name: string) => new RegExp(`^ {2}${name} +(.+)$`, 'm').exec(stderr)?.[1];
  assert.ok(line('next'), `no next step: ${stderr}`);
  const value = line('value');
  return {
    code: head?.[1] ?? stderr,
    message: head?.[2] ?? '',
    field: line('field'),
    value: value === undefined ? undefined : JSON.parse(value),
    expected: line('expected'),
  };
}

/** A folder of the test, and the data folder in it, which does not exist yet. */
export async function withFolder(body: (data: string, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-door-'));
  try {
    await body(join(folder, 'data'), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The data folder holds no event, no table and no stream: the next start may take any. */
export async function assertUntouched(data: string): Promise<void> {
  for (const part of ['log', 'objects', 'running.json']) assert.ok(!existsSync(join(data, part)), `${part} was made`);
  if (!existsSync(join(data, 'metadata.sqlite'))) return;
  const metadata = await openEmbeddedMetadata(join(data, 'metadata.sqlite'));
  try {
    assert.deepEqual(await metadata.db.selectFrom('settings').selectAll().execute(), []);
  } finally {
    await metadata.close();
  }
}
