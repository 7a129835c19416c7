import { at, ofKind, usecaseOf } from './read.ts';
import type { Resource } from './rule.ts';

/** One alert of a PrometheusRule. */
export interface Alert {
  readonly rule: Resource;
  readonly usecase: string | undefined;
  readonly path: string;
  readonly name: string;
  readonly expression: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly runbook: string | undefined;
}

type Entry = Readonly<Record<string, unknown>>;
const entries = (value: unknown): readonly Entry[] => (Array.isArray(value) ? (value as Entry[]) : []);

export const alertsOf = (resources: readonly Resource[]): readonly Alert[] =>
  ofKind(resources, 'PrometheusRule').flatMap((rule) =>
    entries(at(rule, 'spec', 'groups')).flatMap((group, g) =>
      entries(group['rules']).flatMap((entry, r) =>
        entry['alert'] === undefined
          ? []
          : [
              {
                rule,
                usecase: usecaseOf(rule),
                path: `spec.groups[${g}].rules[${r}]`,
                name: String(entry['alert']),
                expression: String(entry['expr'] ?? ''),
                labels: (entry['labels'] as Entry | undefined) ?? {},
                runbook: (entry['annotations'] as Record<string, string> | undefined)?.['runbook_url'],
              },
            ],
      ),
    ),
  );

/** The number that an expression compares with: a product of numbers, as `86400 * 7`. Undefined where it compares with none. */
export function threshold(expression: string): number | undefined {
  const found = /(?:[<>]=?|==)\s*(?:bool\s+)?((?:\d+(?:\.\d+)?)(?:\s*\*\s*\d+(?:\.\d+)?)*)\s*\)?\s*$/.exec(expression.trim());
  return found?.[1]?.split('*').reduce((product, factor) => product * Number(factor), 1);
}
