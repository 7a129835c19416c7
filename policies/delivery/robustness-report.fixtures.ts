import { DAY } from '../../app/clock/port.ts';
import type { UnitSnapshot } from '../../app/registry/snapshot.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn, without } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { mainOf, model, registryWith, released, unit } from '../model-samples.ts';
import type { Resource } from '../rule.ts';

const RUN = 'attacks';
const found = model.find(({ name }) => name === RUN) as Resource;
const run = (path: readonly (string | number)[], value: unknown) => alteredIn(model, RUN, [path, value]);
const report = (title: string, robustness: UnitSnapshot['robustness']): Fixture => ({
  title,
  resources: released,
  registry: registryWith({ ...unit, robustness }),
});
const last = unit.robustness;
const at = (days: number) => (last === null ? null : { ...last, at: last.at - days * DAY });

export const fixtures: Fixtures = {
  passing: [
    { title: 'a schedule', resources: model },
    { title: 'a schedule and a report of yesterday', resources: released, registry: registryWith() },
    report('a report of 30 days', at(29)),
    { title: 'a weekly schedule', resources: run(['spec', 'schedule'], '0 4 * * 1') },
  ],
  violating: [
    { title: 'no schedule', resources: without(model, RUN) },
    { title: 'poisoning only', resources: run(['metadata', 'annotations', MODEL.robustness], 'poisoning') },
    { title: 'quarterly', resources: run(['spec', 'schedule'], '0 4 1 */3 *') },
    { title: 'suspended', resources: run(['spec', 'suspend'], true) },
    { title: 'a job that does something else', resources: run([...mainOf(found), 'args'], ['registry', 'list']) },
    report('no report', null),
    report('a report that nobody tried to copy the model for', last === null ? null : { ...last, tried: ['fuzz', 'poisoning'] }),
    report('a report of 31 days', at(30)),
    report('a report of a model that broke', last === null ? null : { ...last, passed: false }),
  ],
};
