import { at } from './read.ts';
import type { Resource } from './rule.ts';
import { UNKNOWN } from './unknown.ts';

/**
 * Statements of a policy document that a resource holds as JSON text or as an object. `UNKNOWN` stands for a document that
 * the preview cannot know yet.
 */
export function statementsOf(
  resource: Resource,
  ...path: readonly string[]
): readonly (Readonly<Record<string, unknown>> | typeof UNKNOWN)[] {
  const found = at(resource, ...path);
  if (found === UNKNOWN) return [UNKNOWN];
  const document = typeof found === 'string' ? parsed(found) : found;
  if (typeof document !== 'object' || document === null) return [];
  const statements: unknown = (document as Record<string, unknown>)['Statement'];
  return [statements]
    .flat()
    .filter((statement): statement is Record<string, unknown> => typeof statement === 'object' && statement !== null);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member of a statement as a list of texts. */
export const texts = (value: unknown): readonly string[] =>
  [value].flat().filter((entry): entry is string => typeof entry === 'string');

/** Whether a statement's principal is everyone. */
export function anyone({ Principal, Condition }: Readonly<Record<string, unknown>>): boolean {
  if (Condition !== undefined) return false;
  return Principal === '*' || texts((Principal as Record<string, unknown> | undefined)?.['AWS']).includes('*');
}
