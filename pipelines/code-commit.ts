import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readSettings } from '../app/settings.ts';

/**
 * The commit of the code that runs: what MILLRACE_CODE_COMMIT says, as an image is built without its history, else the
 * checkout's, marked `-dirty` where files differ from it; `unknown` outside of one.
 */
export async function codeCommit(): Promise<string> {
  const { MILLRACE_CODE_COMMIT: stated } = readSettings(process.env);
  if (stated !== undefined) return stated;
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      cwd: import.meta.dirname,
    });
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}
