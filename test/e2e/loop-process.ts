import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const millrace = join(import.meta.dirname, '..', '..', 'bin', 'millrace.ts');

/** What a running loop writes into its data folder. */
export interface Running {
  readonly pid: number;
  readonly collector: string;
  readonly serving: string;
  readonly page: string;
}

/** A loop in a process of its own, as a person starts it. */
export interface LoopProcess {
  readonly pid: number;
  /** All that it said so far. */
  said(): string;
  /** Resolves once it said something that matches; rejects when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves to its addresses, once it is up. */
  up(): Promise<Running>;
  /** Its children that live now: the processes of pipeline steps. */
  children(): readonly number[];
  /** Sends the signal and resolves once it has ended. Rejects after `withinMs`. */
  end(signal: 'SIGINT' | 'SIGKILL', withinMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Longest wait for anything, milliseconds: far beyond what a slow machine needs. */
const PATIENCE_MS = 240_000;

export async function until<T>(what: string, find: () => T | undefined | Promise<T | undefined>, ms = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadline, `waited ${ms / 1000} s in vain: ${what}`);
    await pause(50);
  }
}

const started = new Set<ChildProcess>();

/** Starts `millrace start` over the folder on free ports. */
export function startLoopProcess(dataDir: string): LoopProcess {
  // A process that was killed could not take its addresses back.
  rmSync(join(dataDir, 'running.json'), { force: true });
  const child = spawn(process.execPath, [millrace, 'start', '--port', '0', '--data', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: 'true' },
  });
  started.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = child.pid as number;
  const alive = () => assert.ok(child.exitCode === null && child.signalCode === null, `the loop ended by itself:\n${text}`);
  return {
    pid,
    said: () => text,
    says: (pattern) =>
      until(`the loop to say ${pattern}; it said:\n${text}`, () => {
        const found = pattern.exec(text);
        if (found === null) alive();
        return found ?? undefined;
      }),
    up: () =>
      until('running.json', () => {
        alive();
        try {
          const running = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as Running;
          return running.pid === pid ? running : undefined;
        } catch {
          return undefined;
        }
      }),
    children: () => childrenOf(pid),
    async end(signal, withinMs = 30_000) {
      child.kill(signal);
      const late = pause(withinMs, undefined, { ref: false }).then(() => {
        throw new Error(`still there ${withinMs / 1000} s after ${signal}:\n${text}`);
      });
      const how = await Promise.race([ended, late]);
      started.delete(child);
      return how;
    },
  };
}

/** Ends what a failed test left running. */
export function endAll(): void {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}

/** All processes of the machine but those that only wait to be buried. */
function processes(): readonly Process[] {
  const all = process.platform === 'linux' ? fromProc() : fromPs();
  return all.filter(({ state }) => !state.startsWith('Z'));
}

function fromProc(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // `pid (name) state parent ...`, where the name may hold anything.
        const [state = '', parent] = (readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? '').split(' ');
        return [{ pid: Number(name), parent: Number(parent), state }];
      } catch {
        return [];
      }
    });
}

function fromPs(): readonly Process[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, parent, state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state };
  });
}

const childrenOf = (parent: number): readonly number[] => processes().flatMap((one) => (one.parent === parent ? [one.pid] : []));

/** Those of the processes that still live; one that waits to be buried does not. */
export const living = (pids: readonly number[]): readonly number[] =>
  processes().flatMap(({ pid }) => (pids.includes(pid) ? [pid] : []));

/** Runs `millrace --json ...` over the folder: exit code, its answer, what it said on stderr. */
export function millraceCommand(
  dataDir: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly answer: unknown; readonly errors: string }> {
  const child = spawn(process.execPath, [millrace, '--data', dataDir, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, answer: out === '' ? undefined : JSON.parse(out), errors }));
  });
}
