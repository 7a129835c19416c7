import type { UseCase } from '../usecases/usecase.ts';

/** Every number of gate and monitors that moves with the release, by path. */
export function thresholdsOf({ gate, monitors }: UseCase): Readonly<Record<string, number>> {
  const prefixed = (prefix: string, values: Readonly<Record<string, unknown>>) =>
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'number' ? [[`${prefix}.${name}`, value] as const] : []));
  return Object.fromEntries([
    ...prefixed('gate.floors', gate.floors),
    ...prefixed('gate.segmentFloors', gate.segmentFloors),
    ...prefixed('gate.ceilings', 'ceilings' in gate ? gate.ceilings : {}),
    ['gate.notWorse.tolerance', gate.notWorse.tolerance],
    ['gate.latencyBudgetMs', gate.latencyBudgetMs],
    ...prefixed('gate.adversarial', gate.adversarial),
    ...monitors.drift.map(({ feature, test, threshold }) => [`monitors.${feature}.${test}`, threshold] as const),
  ]);
}
