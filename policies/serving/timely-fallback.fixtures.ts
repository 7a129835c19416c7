import { FALLBACK, FALLBACK_TIMEOUT_MS, SETTING, SLO_P99_MS } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { settingOf, useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});
const note = (key: string) => ['metadata', 'annotations', key] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'popular items after 20 of 50 milliseconds', resources: useCase },
    serving('just before the objective', [note(SLO_P99_MS), '21']),
  ],
  violating: [
    serving('a fallback that is no word', [note(FALLBACK), 'Popular items!']),
    serving('after the objective', [note(SLO_P99_MS), '20']),
    serving('no objective', [note(SLO_P99_MS), undefined]),
    serving('another timeout in the container', settingOf(SETTING.storeTimeoutMs, '200')),
    serving('no timeout in the container', settingOf(SETTING.storeTimeoutMs, undefined)),
    serving('no word on the timeout', [note(FALLBACK_TIMEOUT_MS), undefined]),
  ],
};
