import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { settingOf } from '../model-samples.ts';

const caps = (text: string | undefined) =>
  settingOf(
    alteredIn(data, 'collector', [['metadata', 'annotations', DATA.rateCaps], text]),
    'collector',
    'MILLRACE_RATE_CAPS',
    text,
  );

export const fixtures: Fixtures = {
  passing: [
    { title: 'three caps', resources: data },
    { title: 'in another order', resources: caps('address=10,session=9,user=8') },
  ],
  violating: [
    { title: 'no caps', resources: caps(undefined) },
    { title: 'none by address', resources: caps('user=600,session=600') },
    { title: 'a cap of nothing', resources: caps('user=0,session=600,address=6000') },
    { title: 'a word that the container is not told', resources: settingOf(data, 'collector', 'MILLRACE_RATE_CAPS', undefined) },
    {
      title: 'a container that is told another',
      resources: settingOf(data, 'collector', 'MILLRACE_RATE_CAPS', 'user=9,session=9,address=9'),
    },
  ],
};
