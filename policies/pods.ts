import { joined } from './unknown.ts';

/** A value and where in the object it stands. */
export interface Located {
  readonly value: unknown;
  readonly path: string;
}

/** Where each kind keeps its pod's spec. A workflow's spec holds what its pods share, its templates their containers. */
const POD_SPEC: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  Workflow: ['spec'],
  WorkflowTemplate: ['spec'],
  CronWorkflow: ['spec', 'workflowSpec'],
};
const TEMPLATE = ['spec', 'template', 'spec'] as const;

const POD_METADATA: Readonly<Record<string, readonly string[]>> = {
  Pod: ['metadata'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'metadata'],
  Workflow: ['spec', 'podMetadata'],
  WorkflowTemplate: ['spec', 'podMetadata'],
  CronWorkflow: ['spec', 'workflowSpec', 'podMetadata'],
};
const TEMPLATE_METADATA = ['spec', 'template', 'metadata'] as const;

/** Lists of containers in a pod's spec; a workflow's templates hold one each. */
const MAIN = ['containers'] as const;
const FIRST = ['initContainers'] as const;
const OF_TEMPLATE = ['container', 'script'] as const;

export const podSpecPath = (kind: unknown): readonly string[] => POD_SPEC[String(kind)] ?? TEMPLATE;
export const podMetadataPath = (kind: unknown): readonly string[] => POD_METADATA[String(kind)] ?? TEMPLATE_METADATA;

/** The kinds whose path differs from a template's, for cel.ts. */
export const POD_PATHS = { spec: POD_SPEC, metadata: POD_METADATA, template: TEMPLATE, templateMetadata: TEMPLATE_METADATA };

/** The value below a located one; undefined where a step is missing. */
export function follow(start: Located, path: readonly string[]): Located {
  return path.reduce<Located>(
    ({ value, path: at }, key) => ({
      value: typeof value === 'object' && value !== null ? ((value as Record<string, unknown>)[key] ?? undefined) : undefined,
      path: joined(at, key),
    }),
    start,
  );
}

/** Entries of a list, or keys of a map; none of anything else. */
export function entries({ value, path }: Located): readonly Located[] {
  if (Array.isArray(value)) return value.map((entry, index) => ({ value: entry, path: `${path}[${index}]` }));
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).map((key) => ({ value: key, path: joined(path, key) }));
}

export const podSpec = (object: Readonly<Record<string, unknown>>): Located =>
  follow({ value: object, path: '' }, podSpecPath(object['kind']));

export const podMetadata = (object: Readonly<Record<string, unknown>>): Located =>
  follow({ value: object, path: '' }, podMetadataPath(object['kind']));

/** Containers of a pod in any of its forms, init containers only where asked for. */
export function containersOf(object: Readonly<Record<string, unknown>>, which: 'main' | 'all' = 'all'): readonly Located[] {
  const spec = podSpec(object);
  const lists = which === 'all' ? [...MAIN, ...FIRST] : MAIN;
  const templates = entries(follow(spec, ['templates']));
  return [
    ...lists.flatMap((name) => entries(follow(spec, [name]))),
    ...OF_TEMPLATE.flatMap((name) =>
      templates.map((template) => follow(template, [name])).filter(({ value }) => value !== undefined),
    ),
  ];
}
