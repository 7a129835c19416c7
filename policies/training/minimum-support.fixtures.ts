import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { TASTE, withDocument } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { model } from '../model-samples.ts';
import type { Resource } from '../rule.ts';

const trained = (stack: readonly Resource[], text: string | undefined) =>
  alteredIn(stack, 'retrain', [['metadata', 'annotations', MODEL.minSupport], text]);
const published = (minSupport: unknown) =>
  withDocument(model, 'retail-feature-views', 'user_taste.json', { ...TASTE, minSupport });

export const fixtures: Fixtures = {
  passing: [
    { title: 'three', resources: model },
    { title: 'ten', resources: trained(published(10), 'user_taste=10') },
    { title: 'one, where that was decided', resources: trained(published(1), 'user_taste=1'), config: { minSupport: 1 } },
  ],
  violating: [
    { title: 'one', resources: trained(published(1), 'user_taste=1') },
    { title: 'no word in the manifest', resources: published(undefined) },
    { title: 'a training that publishes sooner than the manifest says', resources: trained(model, 'user_taste=1') },
    { title: 'no word in training', resources: trained(model, undefined) },
  ],
};
