import { DATA } from '../app/usecases/data-annotations.ts';
import { at, ofKind, usecaseOf, word } from './read.ts';
import type { Resource } from './rule.ts';

/** One document of a ConfigMap that rules read. */
export interface ManifestEntry {
  readonly resource: Resource;
  readonly key: string;
  /** Undefined where it is no JSON. */
  readonly document: Readonly<Record<string, unknown>> | undefined;
}

/** All documents of the manifests of one sort: `schemas`, `feature-views` or `erasure`. */
export const manifestEntries = (resources: readonly Resource[], sort: string): readonly ManifestEntry[] =>
  ofKind(resources, 'ConfigMap')
    .filter((resource) => word(resource, DATA.manifest) === sort)
    .flatMap((resource) =>
      Object.entries((at(resource, 'data') as Record<string, unknown> | undefined) ?? {}).map(([key, text]) => ({
        resource,
        key,
        document: parsed(text),
      })),
    );

function parsed(text: unknown): ManifestEntry['document'] {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Each field of a schema with the class it declares. */
export function classesOf(
  document: ManifestEntry['document'],
): Readonly<Record<string, { class: string; subject: boolean; proxy: boolean }>> {
  const properties = (document?.['properties'] as Record<string, Record<string, unknown>> | undefined) ?? {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      {
        class: String(schema['x-millrace-class'] ?? 'internal'),
        subject: schema['x-millrace-subject'] === true,
        proxy: schema['x-millrace-proxy'] === true,
      },
    ]),
  );
}

/** One feature view of a `feature-views` manifest; its members are unchecked. */
export interface ViewEntry {
  readonly resource: Resource;
  readonly usecase: string | undefined;
  readonly key: string;
  readonly path: string;
  readonly document: NonNullable<ManifestEntry['document']> | undefined;
}

export const viewEntries = (resources: readonly Resource[]): readonly ViewEntry[] =>
  manifestEntries(resources, 'feature-views').map(({ resource, key, document }) => ({
    resource,
    usecase: usecaseOf(resource),
    key,
    path: `data["${key}"]`,
    document,
  }));
