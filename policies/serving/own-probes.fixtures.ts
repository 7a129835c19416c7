import { MODEL_LOAD_SECONDS } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const CONTAINER = ['spec', 'template', 'spec', 'containers', 0] as const;

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'three probes, three meanings', resources: useCase },
    serving('a start that is given just its time', [[...CONTAINER, 'startupProbe', 'failureThreshold'], 30]),
    serving('liveness by a command', [[...CONTAINER, 'livenessProbe'], { exec: { command: ['/bin/true'] } }]),
  ],
  violating: [
    serving('no startup probe', [[...CONTAINER, 'startupProbe'], undefined]),
    serving('a startup probe that gives up before the model is there', [[...CONTAINER, 'startupProbe', 'failureThreshold'], 29]),
    serving('no word on how long a load takes', [['metadata', 'annotations', MODEL_LOAD_SECONDS], undefined]),
    serving('readiness of the process alone', [[...CONTAINER, 'readinessProbe', 'httpGet', 'path'], '/healthz']),
    serving('liveness that asks the stores', [[...CONTAINER, 'livenessProbe', 'httpGet', 'path'], '/readyz']),
    serving('no liveness probe', [[...CONTAINER, 'livenessProbe'], undefined]),
  ],
};
