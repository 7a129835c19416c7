import { LAYER, USECASE } from '../app/usecases/annotations.ts';
import { containersOf, entries, follow, type Located, podMetadata, podSpec } from './pods.ts';
import type { Resource } from './rule.ts';

/** Last part of a token: `KafkaTopic`, `Bucket`. */
export const kindOf = ({ type }: Pick<Resource, 'type'>): string => type.slice(type.lastIndexOf(':') + 1);

/** A value inside a resource's props; undefined where a step is missing. */
export const at = ({ props }: Resource, ...path: readonly string[]): unknown => follow({ value: props, path: '' }, path).value;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What the object is called where others refer to it. */
export const objectName = (resource: Resource): string =>
  text(at(resource, 'spec', 'topicName')) ?? text(at(resource, 'metadata', 'name')) ?? resource.name;

export const namespaceName = (resource: Resource): string => text(at(resource, 'metadata', 'namespace')) ?? 'default';

/** One of our words: an annotation, a label, or, on AWS, a tag or a parameter of a table. */
export function word(resource: Resource, key: string): string | undefined {
  for (const path of [['metadata', 'annotations'], ['metadata', 'labels'], ['tags'], ['parameters']]) {
    const found = text(at(resource, ...path, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a violation about a word points to. */
export const wordPath = (resource: Resource, key: string): string =>
  resource.type.startsWith('kubernetes:') ? `metadata.annotations["${key}"]` : `tags["${key}"]`;

export const layerOf = (resource: Resource): string | undefined => word(resource, LAYER) ?? podLabels(resource)[LAYER];
export const usecaseOf = (resource: Resource): string | undefined => word(resource, USECASE) ?? podLabels(resource)[USECASE];

/** Labels of a workload's pods; in a workflow, those that its templates add along. */
export function podLabels({ props }: Resource): Readonly<Record<string, string>> {
  const templates = entries(follow(podSpec(props), ['templates'])).map((template) => follow(template, ['metadata', 'labels']));
  const found = [follow(podMetadata(props), ['labels']), ...templates].map(({ value }) => value);
  return Object.assign({}, ...found.filter((labels) => typeof labels === 'object' && labels !== null));
}

const WORKLOADS: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'CronWorkflow',
  'Workflow',
  'WorkflowTemplate',
  'Pod',
];

export const ofKind = (resources: readonly Resource[], ...kinds: readonly string[]): readonly Resource[] =>
  resources.filter((resource) => kinds.includes(kindOf(resource)));

/** Everything in the stack that ends as a pod. */
export const workloads = (resources: readonly Resource[], layer?: string): readonly Resource[] =>
  resources.filter(
    (resource) =>
      resource.type.startsWith('kubernetes:') &&
      WORKLOADS.includes(kindOf(resource)) &&
      (layer === undefined || layerOf(resource) === layer),
  );

/** Deployments that answer predictions. */
export const serving = (resources: readonly Resource[]): readonly Resource[] =>
  ofKind(resources, 'Deployment').filter((resource) => layerOf(resource) === 'serving');

export interface ContainerView {
  readonly path: string;
  readonly image: unknown;
  /** Plain values; one taken from elsewhere is undefined. */
  readonly env: Readonly<Record<string, unknown>>;
  /** Command and arguments. */
  readonly words: readonly string[];
  readonly mounts: readonly Readonly<Record<string, unknown>>[];
}

const records = (list: Located): readonly Readonly<Record<string, unknown>>[] =>
  entries(list).flatMap(({ value }) => (typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : []));

/** Containers of a workload, init containers along. */
export const containersIn = ({ props }: Resource): readonly ContainerView[] =>
  containersOf(props).map((container) => ({
    path: container.path,
    image: follow(container, ['image']).value,
    env: Object.fromEntries(records(follow(container, ['env'])).map(({ name, value }) => [String(name), value])),
    words: ['command', 'args'].flatMap((list) => entries(follow(container, [list])).map(({ value }) => String(value))),
    mounts: records(follow(container, ['volumeMounts'])),
  }));

export const volumesOf = ({ props }: Resource) => records(follow(podSpec(props), ['volumes']));

/** `namespace/name` of the account that a workload's pods run as. */
export const accountOf = (resource: Resource): string =>
  `${namespaceName(resource)}/${text(follow(podSpec(resource.props), ['serviceAccountName']).value) ?? 'default'}`;

/** Names of the Secrets that a workload's pods mount or read into their environment. */
export function secretsOf(resource: Resource): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      const name = typeof member === 'object' && member !== null ? (member as Record<string, unknown>)['name'] : undefined;
      if (key === 'secretName' && typeof member === 'string') found.add(member);
      else if ((key === 'secretKeyRef' || key === 'secretRef' || key === 'secret') && typeof name === 'string') found.add(name);
      walk(member);
    }
  };
  walk(podSpec(resource.props).value);
  return found;
}

/** Whether the container's words hold these, one after another. */
export const runs = ({ words }: ContainerView, ...verb: readonly string[]): boolean =>
  words.some((_, index) => verb.every((part, offset) => words[index + offset] === part));
