import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { LAYERS } from '../app/layers.ts';

const root = join(import.meta.dirname, '..');
const MAX_LINES = 250;
const MAX_PORT_LINES = 60;

/** Every file that git tracks or would track. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const sources = files.filter((path) => /\.(ts|js|cjs|mjs|css)$/.test(path));
const folders = (path: string) =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

test('app holds the layers, the definitions and the clock, and nothing else', () => {
  assert.deepEqual(folders('app').sort(), [...LAYERS, 'clock', 'usecases'].sort());
});

test('constructs and policies have rooms of the same names', () => {
  for (const [room, more] of [
    ['constructs', ['act', 'bridge', 'capacity', 'cluster', 'dials', 'preflight']],
    ['policies', []],
  ] as const) {
    const own = folders(room).filter((name) => !LAYERS.some((layer) => layer === name) && !more.some((extra) => extra === name));
    assert.deepEqual(own, [], room);
  }
});

test('each layer has its tests and its commands under the same name', () => {
  for (const layer of LAYERS) {
    assert.ok(existsSync(join(root, 'test', layer)), `test/${layer} is missing`);
    assert.ok(existsSync(join(root, 'bin/commands', `${layer}.ts`)), `bin/commands/${layer}.ts is missing`);
  }
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = sources.filter((path) => readFileSync(join(root, path), 'utf8').split('\n').length - 1 > MAX_LINES);
  assert.deepEqual(long, []);
});

test('no file or folder has a name that says nothing', () => {
  const vague = files.filter((path) =>
    path.split('/').some((part) => /^(utils?|helpers?|common|misc|managers?)(\.|$)/i.test(part)),
  );
  assert.deepEqual(vague, []);
});

test('a port is under 60 lines', () => {
  const ports = sources.filter((path) => basename(path) === 'port.ts');
  assert.ok(ports.length >= 8, `found ${ports.length} ports`);
  const long = ports.filter((path) => readFileSync(join(root, path), 'utf8').split('\n').length - 1 > MAX_PORT_LINES);
  assert.deepEqual(long, []);
});

test('every port with adapters has a contract suite', () => {
  const contracts = new Set(folders('test').includes('contracts') ? readdirSync(join(root, 'test/contracts')) : []);
  for (const name of [
    'event-log',
    'object-store',
    'lake',
    'online-store',
    'metadata',
    'audit-sink',
    'key-store',
    'pipeline-runner',
  ]) {
    assert.ok(contracts.has(`${name}.ts`), `test/contracts/${name}.ts is missing`);
  }
});

test('imports point the way the map says', () => {
  const cruiser = join(root, 'node_modules/.bin/depcruise');
  assert.doesNotThrow(() =>
    execFileSync(process.execPath, [cruiser, '--config', '.dependency-cruiser.cjs', 'app', 'bin', 'pipelines', 'test'], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
});

test('no source knows the machine it was written on', () => {
  const talk = sources.filter((path) => /\/(root|home)\/[a-z]/.test(readFileSync(join(root, path), 'utf8')));
  assert.deepEqual(talk, []);
});
