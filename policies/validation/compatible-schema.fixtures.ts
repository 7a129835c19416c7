import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { managed, managedSaying } from '../managed-samples.ts';

const said = (key: string, value: string | undefined) =>
  alteredIn(data, 'retail.click', [['metadata', 'annotations', key], value]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'backward, on MSK', resources: managed },
    { title: 'backward', resources: data },
    { title: 'full', resources: said(DATA.compatibility, 'FULL_TRANSITIVE') },
  ],
  violating: [
    { title: 'no compatibility, on MSK', resources: managedSaying('retail.click', DATA.compatibility, undefined) },
    { title: 'no compatibility', resources: said(DATA.compatibility, undefined) },
    { title: 'none on purpose', resources: said(DATA.compatibility, 'NONE') },
    { title: 'forward only', resources: said(DATA.compatibility, 'FORWARD') },
    { title: 'no schema', resources: said(DATA.schema, undefined) },
    { title: 'a schema that is not there', resources: said(DATA.schema, 'retail-schemas/order.json') },
  ],
};
