import type { Environment } from '../environment.ts';
import { chartsOf } from '../environment.ts';
import { amountOf } from './amount.ts';

/** Pods that stand from the first hour, alike. */
export interface StandingPods {
  readonly object: string;
  readonly namespace: string;
  readonly count: number;
  /** Of one pod: `cpu` in cores, `memory` in bytes, GPUs by their name. */
  readonly requests: Readonly<Record<string, number>>;
}

/** One kind that the environment writes, and the namespaces that it goes to. */
export interface NeededKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for a kind that has none. */
  readonly namespaces: readonly string[];
}

/** What an environment asks of its cluster. */
export interface Needs {
  readonly kinds: readonly NeededKind[];
  readonly pods: readonly StandingPods[];
  /** `namespace/name` of the quotas that it brings itself. */
  readonly ownQuotas: ReadonlySet<string>;
}

interface Container {
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}
interface PodSpec {
  readonly containers?: readonly Container[];
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly replicas?: number;
    readonly instances?: number;
    readonly minReplicas?: number;
    readonly minReplicaCount?: number;
    readonly scaleTargetRef?: { readonly name: string };
    readonly template?: { readonly spec?: PodSpec };
    readonly resources?: Container['resources'];
  };
}

export function needsOf(environment: Environment): Needs {
  const objects = chartsOf(environment).flatMap((chart) => chart.toJson() as Manifest[]);
  const kinds = new Map<string, { apiVersion: string; kind: string; namespaces: Set<string> }>();
  for (const { apiVersion, kind, metadata } of objects) {
    const key = `${apiVersion} ${kind}`;
    const entry = kinds.get(key) ?? { apiVersion, kind, namespaces: new Set() };
    if (metadata.namespace !== undefined) entry.namespaces.add(metadata.namespace);
    kinds.set(key, entry);
  }
  return {
    kinds: [...kinds.values()].map((kind) => ({ ...kind, namespaces: [...kind.namespaces].sort() })),
    pods: objects.flatMap((object) => standing(object, objects)),
    ownQuotas: new Set(
      objects.filter(({ kind }) => kind === 'ResourceQuota').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ),
  };
}

/** The kinds whose pods stand, those that operators make included. What runs by a schedule finds room beside them or waits. */
const STANDING = new Set(['Deployment', 'StatefulSet', 'KafkaNodePool', 'KafkaConnect', 'Cluster']);

function standing({ kind, metadata, spec = {} }: Manifest, all: readonly Manifest[]): StandingPods[] {
  if (!STANDING.has(kind)) return [];
  const scaler = all.find(
    (other) => other.metadata.namespace === metadata.namespace && other.spec?.scaleTargetRef?.name === metadata.name,
  )?.spec;
  const containers = spec.template?.spec?.containers ?? (spec.resources === undefined ? [] : [{ resources: spec.resources }]);
  return [
    {
      object: `${kind} ${metadata.name}`,
      namespace: metadata.namespace ?? 'default',
      count: scaler?.minReplicas ?? scaler?.minReplicaCount ?? spec.replicas ?? spec.instances ?? 1,
      requests: sumOf(containers.map(({ resources }) => resources?.requests ?? {})),
    },
  ];
}

function sumOf(requests: readonly Readonly<Record<string, string>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [resource, quantity] of requests.flatMap((one) => Object.entries(one)))
    total[resource] = (total[resource] ?? 0) + (amountOf(quantity) ?? 0);
  return total;
}
