import { PREDICTION_FIELDS, PREDICTION_LOG, PREDICTION_RETENTION_DAYS } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change, without } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});
const note = (key: string) => ['metadata', 'annotations', key] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'logged and kept', resources: useCase },
    serving('kept for just the days', [note(PREDICTION_RETENTION_DAYS), '180']),
  ],
  violating: [
    serving('not logged', [note(PREDICTION_LOG), undefined]),
    serving('logged to a topic that is not there', [note(PREDICTION_LOG), 'retail.other']),
    serving('without the release', [note(PREDICTION_FIELDS), 'request_id,user_id,features']),
    serving('kept for a month', [note(PREDICTION_RETENTION_DAYS), '30']),
    { title: 'carried into no lake', resources: without(useCase, 'sink') },
  ],
};
