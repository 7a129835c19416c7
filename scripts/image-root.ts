/**
 * `node scripts/image-root.ts DIR UID`: all that the image holds, laid out under DIR: this Node, the program with its
 * dependencies, the libraries that Node and the addons name, and a data folder for UID. The Dockerfile's first stage runs it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, globSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [root = '', uid = ''] = process.argv.slice(2);
const source = join(import.meta.dirname, '..');
const target = join(root, 'opt/millrace');

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, dereference: false });
}

copy(realpathSync(process.execPath), join(root, 'usr/local/bin/node'));
for (const part of ['package.json', 'node_modules', 'app', 'bin', 'pipelines']) copy(join(source, part), join(target, part));

// Node is there already, and onnxruntime brings itself for every machine.
const modules = join(target, 'node_modules');
for (const node of globSync('node-*/bin/node', { cwd: modules })) rmSync(join(modules, node, '../..'), { recursive: true });
rmSync(join(modules, '.bin'), { recursive: true });
for (const machine of globSync('onnxruntime-node/bin/*/*/*', { cwd: modules }))
  if (!machine.endsWith(join(process.platform, process.arch))) rmSync(join(modules, machine), { recursive: true });

/** The loader and the libraries that a program or an addon names. One for another C library has none here. */
function librariesOf(file: string): readonly string[] {
  const { stdout, error } = spawnSync('ldd', [file], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return [...stdout.matchAll(/(?:=> |^\t)(\/\S+) \(0x/gm)].map(([, path]) => path as string);
}

const addons = globSync(['**/*.node', '**/*.so', '**/*.so.*'], { cwd: modules }).map((addon) => join(modules, addon));
const libraries = new Set(
  [process.execPath, ...addons].flatMap(librariesOf).filter((path) => !path.startsWith(source) && !path.startsWith(target)),
);
for (const library of libraries) copy(realpathSync(library), join(root, library));

mkdirSync(join(root, 'tmp/millrace'), { recursive: true });
chmodSync(join(root, 'tmp'), 0o1777);
chownSync(join(root, 'tmp/millrace'), Number(uid), Number(uid));
process.stdout.write(`Node ${process.version} and ${libraries.size} libraries in ${root}\n`);
