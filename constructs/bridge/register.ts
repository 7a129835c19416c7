import * as pulumi from '@pulumi/pulumi';
import { ApiObject, type Chart } from 'cdk8s';
import { pour, type Values } from './placeholder.ts';

/** One Kubernetes object, registered under the token of its kind, so that previews, policies and mocks see what it is. */
class KubernetesObject extends pulumi.CustomResource {}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface RegisterOptions {
  readonly provider: pulumi.ProviderResource;
  readonly parent?: pulumi.Resource;
  /** Everything that must stand before any object of the chart. */
  readonly dependsOn?: readonly pulumi.Resource[];
  readonly values?: Values;
}

/** `v1` is the core group's; every other `apiVersion` is the token's middle as it stands. */
export const tokenOf = ({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string =>
  `kubernetes:${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}:${kind}`;

/**
 * Registers each object of a chart. The resource's name is the construct path, not `metadata.name`: renaming an object
 * replaces it under the same URN. An object that depends on another by the construct tree is created after it.
 */
export function register(chart: Chart, options: RegisterOptions): readonly pulumi.Resource[] {
  const objects = chart.node.findAll().filter((node) => node instanceof ApiObject);
  const registered = new Map<ApiObject, pulumi.Resource>();
  const before = options.dependsOn ?? [];

  const visit = (object: ApiObject): pulumi.Resource => {
    const known = registered.get(object);
    if (known !== undefined) return known;
    const needed = object.node.dependencies.flatMap((construct) =>
      construct.node.findAll().filter((node) => node instanceof ApiObject && objects.includes(node)),
    ) as ApiObject[];
    const after = needed.map(visit);
    const manifest = object.toJson() as Manifest;
    const resource = new KubernetesObject(
      tokenOf(manifest),
      object.node.path,
      pour(manifest, options.values ?? {}) as pulumi.Inputs,
      {
        provider: options.provider,
        ...(options.parent !== undefined && { parent: options.parent }),
        dependsOn: [...before, ...after],
      },
    );
    registered.set(object, resource);
    return resource;
  };
  return objects.map(visit);
}
