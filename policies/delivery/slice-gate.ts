import type { GateCheckSnapshot, UnitSnapshot } from '../../app/registry/snapshot.ts';
import type { StackRule } from '../rule.ts';
import { servedUnits } from '../served-unit.ts';
import { violation } from '../violation.ts';

export const sliceGate: StackRule = {
  id: 'M03',
  name: 'delivery-slice-gate',
  layer: 'delivery',
  severity: 'mandatory',
  title: 'A promoted release has a card, and metrics and slice metrics above their thresholds',
  control: ['EU AI Act Art. 9', 'EU AI Act Art. 15', 'NIST AI RMF MEASURE 2.3', 'NIST AI RMF MEASURE 2.11'],
  reason: 'An average hides a group that the model fails.',
  remediation: 'Give the use case `floors` and `segmentFloors`, and let the gate judge the release again.',
  kinds: ['kubernetes:apps/v1:Deployment'],
  checkStack: (resources, context) =>
    servedUnits(resources, context).flatMap(({ deployment, unit, property }) =>
      faultsOf(unit).map(([found, expected]) => violation(sliceGate, deployment, { property, found, expected })),
    ),
};

function faultsOf(unit: UnitSnapshot): readonly (readonly [string, string])[] {
  const checks = unit.gate?.checks ?? [];
  const some = (prefix: string, what: string) =>
    checks.some(({ name }) => name.startsWith(prefix))
      ? []
      : [[`a release without ${what}`, `a gate that judges ${what}`] as const];
  const segments = Object.values(unit.metrics.segments).filter(({ metrics }) => Object.keys(metrics).length > 0);
  return [
    ...(unit.card ? [] : [['a release without a model card', 'a card that says something'] as const]),
    ...some('floor.', 'metrics against their floors'),
    ...some('segment.', 'slice metrics against their floors'),
    ...(segments.length === 0 ? [['a release without slice metrics', 'metrics by segment in its manifest'] as const] : []),
    ...checks.filter(({ name }) => /^(floor|segment)\./.test(name)).flatMap(below),
  ];
}

/** A check that failed, or passed below its limit: the numbers are read as well as the verdict. */
const below = ({ name, passed, measured, limit }: GateCheckSnapshot) =>
  passed && (typeof measured !== 'number' || typeof limit !== 'number' || measured >= limit)
    ? []
    : [[`${name} of ${measured}`, `${limit} at least`] as const];
