import { DATA } from '../../app/usecases/data-annotations.ts';
import { alteredIn } from '../alteration.ts';
import { data, of } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { container, type Form, workload } from '../samples.ts';

const writer = (verb: readonly string[], writes: string, form: Form = 'Deployment') => [
  ...data,
  workload(form, of('importer', 'lake'), { containers: [container({ args: verb })] }, { [DATA.writes]: writes }),
];
const said = (name: string, value: string | undefined) =>
  alteredIn(data, name, [['metadata', 'annotations', DATA.writes], value]);

export const fixtures: Fixtures = {
  passing: [
    { title: 'the sink', resources: data },
    { title: 'compaction', resources: writer(['lake', 'compact'], 'lake:retail.click', 'CronJob') },
    { title: 'a table that no event feeds', resources: writer(['lake', 'load'], 'lake:retail.item') },
  ],
  violating: [
    { title: 'a program of its own', resources: writer(['lake', 'load'], 'lake:retail.click,lake:retail.click_quarantine') },
    { title: 'a script of its own', resources: writer(['node', 'backfill.js'], 'lake:retail.click', 'CronJob') },
    { title: 'a sink without a quarantine', resources: said('sink', 'lake:retail.click') },
    { title: 'a sink that does not say what it writes', resources: said('sink', undefined) },
  ],
};
