import type { Resource, Rule, Violation } from './rule.ts';
import { UNKNOWN } from './unknown.ts';

/** A violation with its message: which resource, which property, what was found, what was expected and what to do. */
export function violation(
  rule: Pick<Rule, 'id' | 'remediation'>,
  resource: Pick<Resource, 'name' | 'urn'>,
  at: { readonly property: string; readonly found: unknown; readonly expected: string },
): Violation {
  const where = at.property === '' ? resource.name : `${resource.name}: ${at.property}`;
  const state = at.property === '' && at.found === undefined ? 'is not complete' : `is ${shown(at.found)}`;
  return {
    ...at,
    resource: resource.name,
    urn: resource.urn,
    message: `${rule.id} ${where} ${state}. Expected ${at.expected}. ${rule.remediation}`,
  };
}

/** A fault of the whole stack: what is missing belongs to no resource. */
export const missing = (rule: Pick<Rule, 'id' | 'remediation'>, what: string, expected: string): Violation => ({
  resource: '(stack)',
  property: '',
  found: undefined,
  expected,
  message: `${rule.id} ${what} is missing from the stack. Expected ${expected}. ${rule.remediation}`,
});

const LONGEST = 120;

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === UNKNOWN) return 'not known until the update runs';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
