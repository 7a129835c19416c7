import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Resident memory of a process, bytes; 0 where it is gone. */
function residentBytes(pid: number): number {
  try {
    const kilobytes =
      process.platform === 'linux'
        ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const SAMPLE_MS = 500;

/** Peak resident memory of this process and its children together, sampled. */
export function watchMemory(children: () => readonly number[]): { peakBytes(): number; close(): void } {
  let peak = 0;
  const sample = () => {
    const own = process.memoryUsage.rss();
    peak = Math.max(peak, own + children().reduce((sum, pid) => sum + residentBytes(pid), 0));
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  return { peakBytes: () => peak, close: () => clearInterval(timer) };
}
