import { MAX_TRIALS, SETTING } from '../../app/usecases/annotations.ts';
import { altered, alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { gpuAlerts, gpuPool } from '../gpu-samples.ts';
import { trainingSettingOf } from '../training-samples.ts';
import { useCase } from '../usecase-samples.ts';

const run = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'retrain', ...changes),
});
const note = ['metadata', 'annotations', MAX_TRIALS] as const;
const IDLE = ['spec', 'groups', 0, 'rules', 0] as const;
const idle = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: [gpuPool, altered(gpuAlerts, ...changes)],
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'twelve trials', resources: useCase },
    { title: 'an alert after half an hour', resources: [gpuPool, gpuAlerts] },
    idle('an alert after ten minutes', [[...IDLE, 'for'], '10m']),
  ],
  violating: [
    run('no bound', [note, undefined]),
    run('a bound that the container does not know', trainingSettingOf(SETTING.maxTrials, undefined)),
    run('a bound that the container exceeds', trainingSettingOf(SETTING.maxTrials, '10000')),
    run('ten thousand trials', [note, '10000'], trainingSettingOf(SETTING.maxTrials, '10000')),
    idle('no alert on idling', [IDLE, undefined]),
    idle('an alert after two hours', [[...IDLE, 'for'], '2h']),
  ],
};
