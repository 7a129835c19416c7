import { MAIN_PARAMETERS, MODEL_KIND } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});
const note = (key: string) => ['metadata', 'annotations', key] as const;
const noSwitch = alteredIn(useCase, 'retail-requests', [
  ['data', 'recommend.json'],
  JSON.stringify({ type: 'object', properties: {} }),
]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'a switch in the request, and the parameters in words', resources: useCase },
    {
      title: 'a classifier recommends nothing',
      resources: alteredIn(noSwitch, 'serving', [note(MODEL_KIND), 'classifier'], [note(MAIN_PARAMETERS), undefined]),
    },
  ],
  violating: [
    { title: 'no way to object', resources: noSwitch },
    serving('no main parameters', [note(MAIN_PARAMETERS), undefined]),
    serving('main parameters that say nothing', [note(MAIN_PARAMETERS), ' ']),
  ],
};
