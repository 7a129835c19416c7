import { MODEL } from '../../app/usecases/model-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { buckets } from '../cloud-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { model, registryWith, released, unit } from '../model-samples.ts';
import { aws } from '../samples.ts';

const kept = (count: string | undefined) =>
  alteredIn(model, 'serving', [['metadata', 'annotations', MODEL.keepChampions], count]);
const lifecycle = (rule: object) => [
  ...buckets,
  aws('s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', 'lake-lifecycle', {
    bucket: 'millrace-lake',
    rules: [{ id: 'forget', status: 'Enabled', ...rule }],
  }),
];
const former = (version: number, change: object = {}) => ({ ...unit, version, unitId: String(version).repeat(64), ...change });
const formers = (...changes: readonly object[]) =>
  registryWith(unit, { versions: [unit, ...changes.map((change, index) => former(index + 1, change))] });

export const fixtures: Fixtures = {
  passing: [
    { title: 'two', resources: model },
    { title: 'two that can serve again', resources: released, registry: registryWith() },
    {
      title: 'a young model with none',
      resources: released,
      registry: registryWith(unit, { formerChampions: [], versions: [unit] }),
    },
    { title: 'results that expire', resources: lifecycle({ filter: { prefix: 'results/' }, expiration: { days: 7 } }) },
    {
      title: 'former versions of files that expire',
      resources: lifecycle({ filter: { prefix: '' }, noncurrentVersionExpiration: { noncurrentDays: 7 } }),
    },
  ],
  violating: [
    { title: 'no word of it', resources: kept(undefined) },
    { title: 'one', resources: kept('1') },
    { title: 'everything expires', resources: lifecycle({ filter: { prefix: '' }, expiration: { days: 90 } }) },
    { title: 'releases expire', resources: lifecycle({ filter: { prefix: 'releases/' }, expiration: { days: 365 } }) },
    { title: 'everything expires by an older form', resources: lifecycle({ expiration: { days: 90 } }) },
    { title: 'one of two lost its files', resources: released, registry: formers({}, { whole: false }) },
    { title: 'one of two revoked', resources: released, registry: formers({ state: 'revoked', revoked: true }, {}) },
  ],
};
