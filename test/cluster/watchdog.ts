/**
 * Ends the servers of a test when the test is gone, however it went (SIGKILL included): its input is a pipe from the
 * test, which closes with it. Lines of the input: `+PID` to watch over a process, `-PID` once it has ended by itself.
 */
import { createInterface } from 'node:readline';

const GRACE_MS = 3_000;
const watched = new Set<number>();

function end(signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of watched) {
    try {
      process.kill(pid, signal);
    } catch {
      watched.delete(pid); // it is gone
    }
  }
}

process.on('SIGINT', () => undefined); // Ctrl-C in the terminal is for the test; the pipe tells when that has ended
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) watched.add(pid);
    else watched.delete(pid);
  })
  .on('close', () => {
    end('SIGTERM');
    if (watched.size > 0) setTimeout(() => end('SIGKILL'), GRACE_MS);
  });
