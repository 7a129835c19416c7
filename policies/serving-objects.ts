import { whole } from './amounts.ts';
import { at, containersIn, namespaceName, objectName, ofKind, podLabels, usecaseOf, word } from './read.ts';
import type { Resource } from './rule.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Plain environment variables of all of a workload's containers. */
export const settingsOf = (workload: Resource): Settings =>
  Object.assign({}, ...containersIn(workload).map(({ env }) => env)) as Settings;

/** Whether a label selector picks the pods of a workload. `matchExpressions` are not read: they only narrow. */
export function selects(selector: unknown, workload: Resource): boolean {
  const wanted = (selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels ?? {};
  const labels = podLabels(workload);
  return Object.keys(wanted).length > 0 && Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Objects of a kind in the namespace of a workload. */
export const beside = (resources: readonly Resource[], workload: Resource, kind: string): readonly Resource[] =>
  ofKind(resources, kind).filter((resource) => namespaceName(resource) === namespaceName(workload));

/** Routes from outside to a use case's serving. */
export const routesTo = (resources: readonly Resource[], workload: Resource): readonly Resource[] =>
  beside(resources, workload, 'HTTPRoute').filter((route) => usecaseOf(route) === usecaseOf(workload));

/** Fewest replicas that a workload runs with: its autoscaler's, else its own. */
export function fewestReplicas(resources: readonly Resource[], workload: Resource): number {
  const scales = (path: readonly string[], scaler: Resource) => at(scaler, ...path) === objectName(workload);
  const scaler = beside(resources, workload, 'HorizontalPodAutoscaler').find((one) =>
    scales(['spec', 'scaleTargetRef', 'name'], one),
  );
  if (scaler !== undefined) return whole(at(scaler, 'spec', 'minReplicas')) ?? 1;
  const scaled = beside(resources, workload, 'ScaledObject').find((one) => scales(['spec', 'scaleTargetRef', 'name'], one));
  if (scaled !== undefined) return whole(at(scaled, 'spec', 'minReplicaCount')) ?? 0;
  return whole(at(workload, 'spec', 'replicas')) ?? 1;
}

export interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly rule: Resource;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Every alert of the stack's PrometheusRules. */
export const alertsOf = (resources: readonly Resource[]): readonly Alert[] =>
  ofKind(resources, 'PrometheusRule').flatMap((rule) =>
    listed(at(rule, 'spec', 'groups'))
      .flatMap((group) => listed(group['rules']))
      .filter((entry) => entry['alert'] !== undefined)
      .map((entry) => ({
        name: text(entry['alert']),
        expr: text(entry['expr']),
        for: text(entry['for']),
        labels: (entry['labels'] ?? {}) as Record<string, string>,
        annotations: (entry['annotations'] ?? {}) as Record<string, string>,
        rule,
      })),
  );

const listed = (value: unknown): readonly Settings[] => (Array.isArray(value) ? (value as Settings[]) : []);

/** JSON documents of the ConfigMap that a word of a workload names, by key. Undefined where there is no such ConfigMap. */
export function documentsNamed(
  resources: readonly Resource[],
  workload: Resource,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  const map = beside(resources, workload, 'ConfigMap').find((one) => objectName(one) === word(workload, key));
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries((at(map, 'data') ?? {}) as Record<string, string>)
      .filter(([name]) => name.endsWith('.json'))
      .map(([name, content]) => [name, parsed(content)]),
  );
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** Path of one of our words on a Kubernetes object. */
export const annotationPath = (key: string): string => `metadata.annotations["${key}"]`;
