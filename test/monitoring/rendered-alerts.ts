import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { stringify } from 'yaml';
import { environmentOf } from '../../constructs/environment.ts';
import { environments, loadUseCases, readDials } from '../../constructs/environments.ts';

/** Prometheus' own tools over the rules and routes as they are rendered; `scripts/prometheus` brings them. */
const tools = execFileSync(join(import.meta.dirname, '../../scripts/prometheus'), { encoding: 'utf8' }).trim();
export const dir = mkdtempSync(join(tmpdir(), 'millrace-alerts-'));
after(() => rmSync(dir, { recursive: true, force: true }));

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is whatever its kind says
  readonly spec: any;
}

const usecases = await loadUseCases();
/** What each environment consists of. */
export const rendered = new Map<string, readonly Manifest[]>();
for (const environment of await environments()) {
  const charts = environmentOf(await readDials(environment), usecases);
  rendered.set(
    environment,
    [...charts.platform, ...[...charts.usecases.values()].flat()].flatMap((chart) => chart.toJson() as Manifest[]),
  );
}

export const rulesOf = (environment: string) => (rendered.get(environment) ?? []).filter(({ kind }) => kind === 'PrometheusRule');

/** The tool's answer; what it objects to fails the test. */
export function run(tool: 'promtool' | 'amtool', ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(tools, tool), args, { encoding: 'utf8' });
  assert.equal(status, 0, `${tool} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

export function written(name: string, value: unknown): string {
  const file = join(dir, name);
  writeFileSync(file, stringify(value));
  return file;
}
