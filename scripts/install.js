// Runs before `npm start` and `npm test`, on whatever Node is there (20.20 or newer): installs by `npm ci` what is
// missing or older than the lockfile, and says so. Plain JavaScript: nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function packages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Why an install is needed, or undefined. */
function reason() {
  const wanted = packages('package-lock.json');
  const found = packages('node_modules/.package-lock.json');
  if (found === undefined) return 'nothing is installed yet';
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '' || (optional && found[path] === undefined)) continue;
    if (found[path] === undefined) return `${path} is missing`;
    if (found[path].version !== version) return `${path} is ${found[path].version}, the lockfile says ${version}`;
  }
  return undefined;
}

const why = reason();
if (why !== undefined) {
  // Standard output belongs to the command that follows.
  console.error(`millrace: ${why}; running npm ci (about a minute, once)`);
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const { status } = spawnSync(command, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error('millrace: npm ci failed; see its message above');
    process.exit(1);
  }
}
