import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { managed, managedSaying } from '../managed-samples.ts';
import { aws } from '../samples.ts';

const said = (key: string, value: string | undefined, topic = 'retail.click') =>
  alteredIn(data, topic, [['metadata', 'annotations', key], value]);
const tags = { owner: 'shop-ml', 'cost-centre': 'shop' };
const table = (parameters: Readonly<Record<string, string>>) => [
  ...data,
  aws('glue/catalogTable:CatalogTable', 'clicks', { parameters, tags }),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'topics of MSK that say it beside them', resources: managed },
    { title: 'a topic that says what its schema says', resources: data },
    { title: 'a table of items', resources: table({ [DATA.dataClass]: 'public' }) },
    {
      title: 'a table of people',
      resources: table({ [DATA.dataClass]: 'pii', [DATA.piiFields]: 'user_id', [DATA.keyRef]: 'ExternalSecret/keyring' }),
    },
  ],
  violating: [
    { title: 'a topic of MSK without its personal fields', resources: managedSaying('retail.prediction', DATA.piiFields, '') },
    { title: 'a class that is none', resources: said(DATA.dataClass, 'secret', 'retail.prediction') },
    { title: 'personal fields unnamed', resources: said(DATA.piiFields, '', 'retail.prediction') },
    { title: 'a field that the schema marks, left out', resources: said(DATA.piiFields, 'user_id') },
    { title: 'a key that is not in the stack', resources: said(DATA.keyRef, 'ExternalSecret/other') },
    { title: 'no key', resources: said(DATA.keyRef, undefined, 'retail.prediction') },
    { title: 'a table without a class', resources: table({}) },
    { title: 'a table of people without a key', resources: table({ [DATA.dataClass]: 'pii', [DATA.piiFields]: 'user_id' }) },
  ],
};
