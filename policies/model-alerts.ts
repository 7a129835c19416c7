import { alertsOf } from './alerts.ts';
import type { Resource } from './rule.ts';

/** Where the alert of a sort stands in its PrometheusRule, as keys from the props down. */
export function alertAt(resources: readonly Resource[], sort: string): readonly (string | number)[] {
  const alert = alertsOf(resources).find(({ labels }) => labels['monitor'] === sort);
  const [, group, rule] = /groups\[(\d+)\]\.rules\[(\d+)\]/.exec(alert?.path ?? '') ?? [];
  if (group === undefined || rule === undefined) throw new TypeError(`the sample has no alert labelled monitor: ${sort}`);
  return ['spec', 'groups', Number(group), 'rules', Number(rule)];
}
