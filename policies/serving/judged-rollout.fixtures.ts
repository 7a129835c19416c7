import { ROLLOUT, ROLLOUT_VERDICT } from '../../app/usecases/annotations.ts';
import { alteredIn, type Change, without } from '../alteration.ts';
import type { Fixture, Fixtures } from '../fixture.ts';
import { useCase } from '../usecase-samples.ts';

const serving = (title: string, ...changes: readonly Change[]): Fixture => ({
  title,
  resources: alteredIn(useCase, 'serving', ...changes),
});
const note = (key: string) => ['metadata', 'annotations', key] as const;
const mirror = [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'serving-shadow', port: 80 } } }];
const shadowed = alteredIn(useCase, 'serving', [note(ROLLOUT), 'shadow']);

export const fixtures: Fixtures = {
  passing: [
    { title: 'a canary by weight', resources: useCase },
    { title: 'a shadow by mirror', resources: alteredIn(shadowed, 'route', [['spec', 'rules', 0, 'filters'], mirror]) },
  ],
  violating: [
    serving('all at once', [note(ROLLOUT), undefined]),
    serving('by a word that means nothing', [note(ROLLOUT), 'careful']),
    {
      title: 'a canary without a second backend',
      resources: alteredIn(useCase, 'route', [['spec', 'rules', 0, 'backendRefs', 1], undefined]),
    },
    { title: 'a shadow without a mirror', resources: shadowed },
    serving('no verdict', [note(ROLLOUT_VERDICT), undefined]),
    serving('a verdict that no alert gives', [note(ROLLOUT_VERDICT), 'SomebodyLooks']),
    { title: 'no route at all', resources: without(useCase, 'route') },
  ],
};
