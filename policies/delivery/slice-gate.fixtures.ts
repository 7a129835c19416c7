import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { model, registryWith, released, unit } from '../model-samples.ts';

const known = (title: string, change: Partial<UnitSnapshot>): Fixture => ({
  title,
  resources: released,
  registry: registryWith({ ...unit, ...change }),
});
const checks = unit.gate?.checks ?? [];
const judged = (of: typeof checks): Partial<UnitSnapshot> => (unit.gate === null ? {} : { gate: { ...unit.gate, checks: of } });
const measured = (name: string, value: number) =>
  checks.map((check) => (check.name === name ? { ...check, measured: value } : check));

export const fixtures: Fixtures = {
  passing: [
    { title: 'card, metrics and slices', resources: released, registry: registryWith() },
    { title: 'nothing served yet', resources: model },
  ],
  violating: [
    known('no card', { card: false }),
    known('no slices judged', judged(checks.filter(({ name }) => !name.startsWith('segment.')))),
    known('no metrics judged', judged(checks.filter(({ name }) => !name.startsWith('floor.')))),
    known('no slices measured', { metrics: { ...unit.metrics, segments: {} } }),
    known('a slice below its floor that passed all the same', judged(measured('segment.light', 0.001))),
    known('a metric below its floor that passed all the same', judged(measured('floor.recallAt20', 0.01))),
  ],
};
