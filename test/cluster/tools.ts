import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const script = join(import.meta.dirname, '../../scripts/tools');

/** The folder of the programs that `scripts/tools` built. Fails when they are not there: `npm run test:cluster` makes them. */
export function toolFolder(): string {
  const bin = execFileSync(script, ['--path'], { encoding: 'utf8' }).trim();
  if (!existsSync(join(bin, 'kube-apiserver'))) throw new Error(`${bin} has no kube-apiserver: run scripts/tools first`);
  return bin;
}

const yamlIn = (dir: string) =>
  readdirSync(dir)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => join(dir, file));

/** Custom resource definitions of every operator that the stacks use: from pinned modules, and our own minimal ones. */
export const crdFiles = (bin: string): readonly string[] => [
  ...yamlIn(join(dirname(bin), 'crds')),
  ...yamlIn(join(import.meta.dirname, 'crds')),
];
