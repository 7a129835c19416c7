import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { auditWorkload, layoutWorkload, registryWorkload, tablesWorkload } from '../../app/platform-workloads.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { podTemplate, USER } from '../../constructs/cluster/pod.ts';
import { loadUseCases } from '../../constructs/environments.ts';
import packageJson from '../../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const dockerfile = read('Dockerfile').replaceAll(/\\\n/g, '');
const argument = (name: string): string | undefined => new RegExp(`^ARG ${name}=(.+)$`, 'm').exec(dockerfile)?.[1];
/** What stands after the last instruction of this name. */
const last = (instruction: string): string =>
  [...dockerfile.matchAll(new RegExp(`^${instruction} (.+)$`, 'gm'))].at(-1)?.[1] ?? assert.fail(`no ${instruction}`);

const workloads = [
  ...(await loadUseCases()).flatMap(workloadsOf),
  registryWorkload,
  layoutWorkload,
  tablesWorkload,
  auditWorkload,
];
const resources = { cpu: '1', memory: '1Gi' };
const { spec } = podTemplate({
  ...{ name: 'sink', layer: 'lake', owner: 'shop', image: 'i', args: ['lake', 'sink'] },
  ...{ nodes: 'existing', resources, priority: 'ingestion' },
});
const [container] = (spec as { readonly containers: unknown }).containers as readonly [
  { readonly args: unknown; readonly volumeMounts: readonly { readonly mountPath: string }[] },
];

test('the image runs as the user that pods run as, who owns its data folder', () => {
  assert.equal(last('USER'), `${USER}:${USER}`);
  assert.match(dockerfile, new RegExp(`image-root\\.ts", "/image", "${USER}"\\]`));
});

test('the image starts the front door without a shell, and pods give it words alone', () => {
  const [node, script = '', ...more] = JSON.parse(last('ENTRYPOINT')) as readonly string[];
  assert.deepEqual([node, more], ['/usr/local/bin/node', []]);
  assert.ok(existsSync(join(root, script.replace(`${last('WORKDIR')}/`, ''))), script);
  assert.deepEqual(container.args, ['lake', 'sink']);
  assert.ok(!('command' in container));
});

test('the image exposes the port that workloads answer on', () => {
  const ports = new Set(workloads.flatMap(({ port }) => port ?? []));
  assert.deepEqual([...ports].map(String), last('EXPOSE').split(' '));
});

test('what a workload writes for itself goes where a pod may write', () => {
  const folder = /MILLRACE_DATA_DIR=(\S+)/.exec(dockerfile)?.[1] ?? '';
  assert.ok(
    container.volumeMounts.some(({ mountPath }) => folder.startsWith(`${mountPath}/`)),
    folder,
  );
});

test('the image is built by the Node that the project runs on, and carries its version', () => {
  const versions = new Set(Object.values(packageJson.optionalDependencies));
  assert.deepEqual([...versions], [argument('BASE_TAG')?.split('-')[0]]);
  assert.equal(argument('VERSION'), packageJson.version);
});

/** Modules that a file names when it is loaded. */
const loads = (file: string): readonly string[] =>
  [...read(file).matchAll(/^(?:import|export) (?!type )(?:[^;']* from )?'([^']+)'/gm)].map(([, name]) => name as string);

test('what a workload loads is in the image, its packages among those of production', () => {
  const held = [...read('.dockerignore').matchAll(/^!(\w+)$/gm)].map(([, folder]) => folder as string);
  const packages = new Set(Object.keys(packageJson.dependencies));
  const roots = workloads.map(({ command: [layer] }) => `bin/commands/${layer}.ts`);
  const seen = new Set(['bin/millrace.ts', 'bin/commands/start.ts', ...roots]);
  for (const file of globSync('{app,pipelines}/**/*.ts', { cwd: root })) seen.add(file);
  for (const file of seen) {
    for (const name of loads(file)) {
      if (name.startsWith('node:')) continue;
      const found = name.startsWith('.') ? resolve(root, file, '..', name).slice(root.length + 1) : undefined;
      if (found === undefined) assert.ok(packages.has(/^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? ''), `${file}: ${name}`);
      else assert.ok(held.includes(found.split('/')[0] as string), `${file}: ${name}`);
      if (found?.endsWith('.ts')) seen.add(found);
    }
  }
  assert.ok(seen.size > 200, `${seen.size} files`);
});
