import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { helm } from '@pulumi/kubernetes';
import type { Inputs, ProviderResource, Resource } from '@pulumi/pulumi';
import { parseAllDocuments } from 'yaml';
import { KubernetesObject, tokenOf } from '../bridge/register.ts';
import type { Dials } from '../dials.ts';
import { stackError } from '../errors.ts';
import { OPERATOR_CHARTS, type OperatorChart } from './operator-charts.ts';

/** Who sizes the nodes, by the dial that asks for it. */
const SIZES_NODES: Readonly<Record<string, Dials['providers']['nodes']>> = {
  karpenter: 'karpenter',
  'cluster-autoscaler': 'managed',
};

/**
 * The operators, brought into the cluster as the dials say; what depends on them waits for what is returned. `more` are values
 * of a chart that only a deployment knows.
 */
export function installOperators(
  { operators, providers }: Dials,
  provider: ProviderResource,
  more: Readonly<Record<string, Inputs>> = {},
): readonly Resource[] {
  switch (operators.from) {
    case 'present':
      return [];
    case 'manifests':
      return fromManifests(operators.folder ?? '', provider);
    case 'helm':
      return fromHelm(
        Object.entries(OPERATOR_CHARTS).filter(([name]) => (SIZES_NODES[name] ?? providers.nodes) === providers.nodes),
        provider,
        more,
      );
  }
}

/** Each in its namespace, which goes with the stack: one that Helm made would stay. */
function fromHelm(
  charts: readonly (readonly [string, OperatorChart])[],
  provider: ProviderResource,
  more: Readonly<Record<string, Inputs>>,
): readonly Resource[] {
  const namespaces = new Map(
    charts
      .filter(([, { namespace }]) => namespace !== 'kube-system')
      .map(([, { namespace, podSecurity }]) => [namespace, roomOf(namespace, podSecurity ?? 'baseline', provider)]),
  );
  return charts.map(([name, { namespace, chart, repository, version, values }]) => {
    const room = namespaces.get(namespace);
    return new helm.v3.Release(
      `operator-${name}`,
      {
        name,
        namespace,
        createNamespace: false,
        chart,
        version,
        ...(repository !== undefined && { repositoryOpts: { repo: repository } }),
        values: { ...values, ...more[name] },
        atomic: true,
        timeout: 600,
      },
      { provider, dependsOn: room === undefined ? [] : [room] },
    );
  });
}

function roomOf(name: string, level: string, provider: ProviderResource): Resource {
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  return new KubernetesObject(tokenOf(manifest), `operators/Namespace/${name}`, manifest, { provider });
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * Every object of the folder's YAML files, in the order of their names, without the descriptions of schemas: these are two
 * thirds of the megabytes that the engine would carry in its state from then on. @throws MR_STACK_OPERATORS
 */
function fromManifests(folder: string, provider: ProviderResource): readonly Resource[] {
  return filesOf(folder)
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS() as Manifest | null),
    )
    .filter((manifest): manifest is Manifest => manifest !== null)
    .map((manifest) => {
      const name = `operators/${manifest.kind}/${manifest.metadata.name}`;
      return new KubernetesObject(tokenOf(manifest), name, slim(manifest), { provider });
    });
}

const slim = (manifest: Manifest): Inputs =>
  manifest.kind === 'CustomResourceDefinition' ? (withoutDescriptions(manifest) as Inputs) : { ...manifest };

/** A field that is called `description` is an object in a schema, its text is not. */
function withoutDescriptions(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutDescriptions);
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key, value]) => key !== 'description' || typeof value !== 'string')
      .map(([key, value]) => [key, withoutDescriptions(value)]),
  );
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.ya?ml$/.test(file))
      .sort();
  } catch (cause) {
    throw stackError('MR_STACK_OPERATORS', `The operators' manifests cannot be read from '${folder}'`, {
      field: 'millrace:operators.folder',
      value: folder,
      expected: 'a folder of YAML files',
      cause,
    });
  }
}
