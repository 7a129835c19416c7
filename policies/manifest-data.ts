import { DATA } from '../app/usecases/data-annotations.ts';
import { at, ofKind, word } from './read.ts';
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
