import { DRAIN_SECONDS } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const CONTAINER = ['spec', 'template', 'spec', 'containers', 0] as const;
const MAX_UNAVAILABLE = ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'] as const;
const GRACE = ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'] as const;

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});

export const fixtures: Fixtures = {
  passing: [
    { title: 'a pause, a drain, and time for both', resources: useCase },
    serving('none unavailable, in per cent', [MAX_UNAVAILABLE, '0%']),
    serving('one second to spare', [GRACE, 31]),
  ],
  violating: [
    serving('one may be unavailable', [MAX_UNAVAILABLE, 1]),
    serving('a quarter may be unavailable, by default', [['spec', 'strategy'], undefined]),
    serving('no pause before the stop', [[...CONTAINER, 'lifecycle'], undefined]),
    serving('no time left after the drain', [GRACE, 30]),
    serving('no grace named: 30 seconds by default', [GRACE, undefined]),
    serving('no word on the drain', [['metadata', 'annotations', DRAIN_SECONDS], undefined]),
    serving('a drain that is longer than the grace', [['metadata', 'annotations', DRAIN_SECONDS], '60']),
  ],
};
