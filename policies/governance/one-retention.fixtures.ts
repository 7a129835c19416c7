import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn, without } from '../alteration.ts';
import { data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { managed, managedSaying } from '../managed-samples.ts';

const kept = (topic: string, milliseconds: unknown) => alteredIn(data, topic, [['spec', 'config', 'retention.ms'], milliseconds]);
const said = (name: string, value: string | undefined) =>
  alteredIn(data, name, [['metadata', 'annotations', DATA.retention], value]);
const vacuum = (...args: readonly string[]) =>
  alteredIn(data, 'vacuum', [['spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0, 'args'], args]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'one value everywhere, on MSK', resources: managed },
    { title: 'one value everywhere', resources: data },
    { title: 'a topic that forgets sooner', resources: kept('retail.click', '86400000') },
    { title: 'a vacuum that forgets sooner', resources: vacuum('lake', 'vacuum', '--retention', '90d') },
  ],
  violating: [
    { title: 'another value on a topic of MSK', resources: managedSaying('retail.prediction', DATA.retention, '500d') },
    {
      title: 'a topic of MSK that keeps for ever',
      resources: alteredIn(managed, 'retail.click', [
        ['configs'],
        JSON.stringify({ 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false', 'retention.ms': '-1' }),
      ]),
    },
    { title: 'a topic that keeps for ever', resources: kept('retail.click', '-1') },
    { title: 'a topic that says nothing', resources: kept('retail.click.dead', undefined) },
    { title: 'a topic that keeps a day longer', resources: kept('retail.prediction', 401 * 86_400_000) },
    { title: 'another value on one topic', resources: said('retail.prediction', '500d') },
    { title: 'no value on the vacuum', resources: said('vacuum', undefined) },
    { title: 'a vacuum that keeps longer', resources: vacuum('lake', 'vacuum', '--retention', '500d') },
    { title: 'a vacuum that leaves it to a default', resources: vacuum('lake', 'vacuum') },
    { title: 'no vacuum', resources: without(data, 'vacuum') },
  ],
};
