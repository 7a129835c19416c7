import { MODEL_ENVIRONMENT } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { model, settingOf } from '../model-samples.ts';
import { sweep, TRAINER } from '../training-samples.ts';
import { useCase } from '../usecase-samples.ts';

const { seed, codeCommit, dataSnapshot } = MODEL_ENVIRONMENT;
const set = (setting: string, value: string | undefined) => settingOf(model, 'retrain', setting, value);

export const fixtures: Fixtures = {
  passing: [
    { title: 'pinned when it starts', resources: model },
    { title: 'pinned to versions', resources: set(dataSnapshot, 'retail.click@12,retail.item@4') },
    { title: 'a sweep after trainings', resources: [...useCase, sweep] },
  ],
  violating: [
    { title: 'the latest data', resources: set(dataSnapshot, 'latest') },
    { title: 'a table without a version', resources: set(dataSnapshot, 'retail.click') },
    { title: 'no word of the data', resources: set(dataSnapshot, undefined) },
    { title: 'a branch in place of a commit', resources: set(codeCommit, 'main') },
    { title: 'no commit', resources: set(codeCommit, undefined) },
    { title: 'no seed', resources: set(seed, undefined) },
    {
      title: 'a training that calls itself a sweep, without a seed',
      resources: alteredIn(set(seed, undefined), 'retrain', [
        [...TRAINER, 'args'],
        ['training', 'run', 'sweep'],
      ]),
    },
    { title: 'a seed that is drawn', resources: set(seed, 'random') },
  ],
};
