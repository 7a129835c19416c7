import { SLO_RULE } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});

const RULES = ['spec', 'groups', 0, 'rules'] as const;
const alerts = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'retail', ...changes),
});

export const fixtures: Fixtures = {
  passing: [{ title: 'a fast and a slow alert', resources: useCase }],
  violating: [
    serving('no rule named', [['metadata', 'annotations', SLO_RULE], undefined]),
    serving('a rule that is not there', [['metadata', 'annotations', SLO_RULE], 'other']),
    alerts('one alert', [[...RULES, 0], undefined]),
    alerts('one window', [[...RULES, 0, 'expr'], 'millrace_errors:ratio[5m] > 14']),
    alerts('either window', [[...RULES, 0, 'expr'], 'millrace_errors:ratio[5m] > 14 or millrace_errors:ratio[1h] > 14']),
    alerts('no runbook', [[...RULES, 1, 'annotations'], {}]),
    alerts('a runbook on somebody’s disk', [[...RULES, 1, 'annotations', 'runbook_url'], 'file:///runbooks/retail.md']),
  ],
};
