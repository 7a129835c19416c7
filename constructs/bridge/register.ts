import * as pulumi from '@pulumi/pulumi';
import { ApiObject, type Chart } from 'cdk8s';
import { pour, type Values } from './placeholder.ts';

/** One Kubernetes object, registered under the token of its kind, so that previews, policies and mocks see what it is. */
export class KubernetesObject extends pulumi.CustomResource {}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly replicas?: number; readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
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

/** The namespace that a registered object is, or is in. */
const rooms = new WeakMap<pulumi.Resource, string>();
const roomOf = ({ kind, metadata }: Manifest): string | undefined => (kind === 'Namespace' ? metadata.name : metadata.namespace);

/** Annotation of a Secret that holds a service account's token. */
const TOKEN_OF = 'kubernetes.io/service-account.name';

/**
 * Whether the one cannot stand without the other: without its namespace an object is refused, without its account a token is
 * deleted as soon as it is made.
 */
const standsOn = ({ kind, metadata }: Manifest, other: Manifest): boolean =>
  (other.kind === 'Namespace' && other.metadata.name === metadata.namespace) ||
  (kind === 'Secret' &&
    other.kind === 'ServiceAccount' &&
    other.metadata.namespace === metadata.namespace &&
    other.metadata.name === metadata.annotations?.[TOKEN_OF]);

/** Replicas of what an operator's autoscaler scales: they are said for the first moment, and then they are its own. */
export const ignoredIn = ({ kind, metadata, spec: own }: Manifest, others: Iterable<Manifest>): string[] =>
  own?.replicas !== undefined &&
  [...others].some(
    ({ kind: other, metadata: { namespace }, spec }) =>
      other === 'ScaledObject' &&
      namespace === metadata.namespace &&
      (spec?.scaleTargetRef?.kind ?? 'Deployment') === kind &&
      spec?.scaleTargetRef?.name === metadata.name,
  )
    ? ['spec.replicas']
    : [];

/**
 * Registers each object of a chart. The resource's name is the construct path, not `metadata.name`: renaming an object
 * replaces it under the same URN. An object comes after what it depends on by the construct tree, after its namespace, and
 * after those of `dependsOn` that are in its namespace or in none: a list of all of them in each object would make the
 * stack's state, which is written with every step, several times as large.
 */
export function register(chart: Chart, options: RegisterOptions): readonly pulumi.Resource[] {
  const objects = chart.node.findAll().filter((node) => node instanceof ApiObject);
  const manifests = new Map(objects.map((object): [ApiObject, Manifest] => [object, object.toJson() as Manifest]));
  const registered = new Map<ApiObject, pulumi.Resource>();

  const visit = (object: ApiObject): pulumi.Resource => {
    const known = registered.get(object);
    if (known !== undefined) return known;
    const manifest = manifests.get(object) ?? (object.toJson() as Manifest);
    const declared = object.node.dependencies.flatMap((construct) => construct.node.findAll());
    const after = objects.filter(
      (other) => other !== object && (declared.includes(other) || standsOn(manifest, manifests.get(other) as Manifest)),
    );
    const room = roomOf(manifest);
    const before = (options.dependsOn ?? []).filter((resource) => {
      const other = rooms.get(resource);
      return room === undefined || other === undefined || other === room;
    });
    const resource = new KubernetesObject(
      tokenOf(manifest),
      object.node.path,
      pour(manifest, options.values ?? {}) as pulumi.Inputs,
      {
        provider: options.provider,
        ...(options.parent !== undefined && { parent: options.parent }),
        dependsOn: [...before, ...after.map(visit)],
        ignoreChanges: ignoredIn(manifest, manifests.values()),
      },
    );
    if (room !== undefined) rooms.set(resource, room);
    registered.set(object, resource);
    return resource;
  };
  return objects.map(visit);
}
