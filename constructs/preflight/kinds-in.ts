import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The kinds (`group/Kind`) that the definitions in a folder of manifests bring. Read line by line, since a thorough reading
 * of megabytes takes seconds, and the API server does it anyway; a folder that is not there has none.
 */
export function kindsIn(folder: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of filesIn(folder)) {
    for (const document of readFileSync(join(folder, file), 'utf8').split(/^---\s*$/m)) {
      const kind = definedKind(document);
      if (kind !== undefined) found.add(kind);
    }
  }
  return found;
}

/** `group/Kind` of a YAML document that defines a kind, its names in a block or in braces; undefined of any other. */
export function definedKind(document: string): string | undefined {
  if (!/^kind: ["']?CustomResourceDefinition["']?\s*$/m.test(document)) return undefined;
  const group = /^ {2}group: ["']?([^"'\s]+)/m.exec(document)?.[1];
  const names = /^ {2}names:(.*\n(?: {3,}.*\n)*)/m.exec(document)?.[1] ?? '';
  const kind = /(?<![A-Za-z])kind: ["']?(\w+)/.exec(names)?.[1];
  return group === undefined || kind === undefined ? undefined : `${group}/${kind}`;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((file) => /\.ya?ml$/.test(file));
  } catch {
    return [];
  }
}
