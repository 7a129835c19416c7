import { readFileSync } from 'node:fs';
import type { KubeApi, KubeObject } from './api.ts';
import { until } from './until.ts';

type Definition = KubeObject<unknown, { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }>;

/** The documents of a YAML file of custom resource definitions; other kinds in it are left out. */
export const definitionsIn = (file: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split(/^---\s*$/m)
    .filter((document) => /^kind: CustomResourceDefinition\s*$/m.test(document));

/** Installs the custom resource definitions of YAML files and waits until their kinds are served. */
export async function installCrds(api: KubeApi, files: readonly string[]): Promise<void> {
  const names = await Promise.all(
    files.flatMap(definitionsIn).map(async (document) => (await api.apply(document)).object.metadata.name),
  );
  const kind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  await until(
    'every custom resource definition is served',
    async () => {
      const established = (await api.list<Definition>(kind)).filter(({ status }) =>
        status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True'),
      );
      const served = new Set(established.map(({ metadata }) => metadata.name));
      return names.every((name) => served.has(name));
    },
    { timeoutMs: 300_000 },
  );
}
