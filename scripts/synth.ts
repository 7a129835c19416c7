/** `npm run synth -- <env> [DIR]`: the manifests of an environment as YAML, one file a chart, in DIR (default out/<env>). */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { MillraceError } from '../app/errors.ts';
import { chartsOf, environmentOf } from '../constructs/environment.ts';
import { loadUseCases, readDials } from '../constructs/environments.ts';

async function synth(name: string, folder: string): Promise<void> {
  const charts = chartsOf(environmentOf(await readDials(name), await loadUseCases()));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  let objects = 0;
  for (const chart of charts) {
    const manifests = chart.toJson() as readonly unknown[];
    if (manifests.length === 0) continue;
    objects += manifests.length;
    // Who reads manifests in Go still takes a bare `on` for true, as YAML 1.1 does.
    const text = manifests
      .map((manifest) => `---\n${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })}`)
      .join('');
    await writeFile(join(folder, `${chart.node.id}.yaml`), text);
  }
  process.stdout.write(`${objects} objects of ${charts.length} charts in ${folder}\n`);
}

const [name = 'dev', folder = join('out', name)] = process.argv.slice(2);
try {
  await synth(name, folder);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n  expected  ${error.expected}\n  next      ${error.kind.next}\n`);
  process.exitCode = 1;
}
