import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { TASTE_HASH, VIEWS } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { model, registryWith, released, unit } from '../model-samples.ts';
import type { Resource } from '../rule.ts';

const said = (stack: readonly Resource[], name: string, views: string | undefined) =>
  alteredIn(stack, name, [['metadata', 'annotations', DATA.featureViews], views]);
const other = VIEWS.replace('c'.repeat(64), '9'.repeat(64));

export const fixtures: Fixtures = {
  passing: [
    { title: 'one hash everywhere, before a release', resources: model },
    { title: 'one hash everywhere, and in the release', resources: released, registry: registryWith() },
    { title: 'a materializer of one view', resources: said(model, 'materializer', VIEWS.split(',')[0]) },
  ],
  violating: [
    { title: 'another definition online', resources: said(model, 'materializer', other) },
    { title: 'another definition in training', resources: said(model, 'retrain', other) },
    { title: 'another definition in serving', resources: said(model, 'serving', other) },
    { title: 'a view that no manifest has', resources: said(model, 'serving', `${VIEWS},user_mood=${'8'.repeat(64)}`) },
    { title: 'no word of views', resources: said(model, 'materializer', undefined) },
    {
      title: 'a release that was trained on another definition',
      resources: released,
      registry: registryWith({ ...unit, featureViews: { user_activity: '9'.repeat(64), user_taste: TASTE_HASH } }),
    },
    {
      title: 'a release that was trained on a view that is not served',
      resources: said(released, 'serving', VIEWS.split(',')[0]),
      registry: registryWith(),
    },
  ],
};
