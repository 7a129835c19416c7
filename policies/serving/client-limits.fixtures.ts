import { DAILY_QUOTA, RATE_PER_SECOND, SETTING } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { settingOf, useCase } from '../usecase-samples.ts';

const route = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'route', ...changes),
});
const serving = (title: string, change: Change): Fixture => ({ title, resources: alteredIn(useCase, 'serving', change) });
const note = (key: string) => ['metadata', 'annotations', key] as const;

export const fixtures: Fixtures = {
  passing: [{ title: 'a rate and a quota, held by the container', resources: useCase }],
  violating: [
    route('no rate', [note(RATE_PER_SECOND), undefined]),
    route('no quota', [note(DAILY_QUOTA), undefined]),
    route('no limit at all: zero', [note(RATE_PER_SECOND), '0']),
    route('a rate that the container does not hold', [note(RATE_PER_SECOND), '10']),
    serving('a container without the rate', settingOf(SETTING.ratePerSecond, undefined)),
    serving('a container with another quota', settingOf(SETTING.dailyQuota, '100000000')),
  ],
};
