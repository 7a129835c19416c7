import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The commit of the code that runs, marked `-dirty` where files differ from it; `unknown` outside a git checkout. */
export async function codeCommit(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      cwd: import.meta.dirname,
    });
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}
