import { COST_CENTRE, OWNER } from '../../app/usecases/annotations.ts';
import { altered } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { EXPORTER, inEachForm, labelsFor, workload } from '../samples.ts';

const FEW = ['Pod', 'Deployment', 'CronJob', 'CronWorkflow'] as const;
const lacking = (key: string, form: (typeof FEW)[number]) => {
  const { [key]: _, ...labels } = labelsFor(EXPORTER);
  const paths = {
    Pod: [],
    Deployment: [['spec', 'template', 'metadata', 'labels']],
    CronJob: [['spec', 'jobTemplate', 'spec', 'template', 'metadata', 'labels']],
    CronWorkflow: [['spec', 'workflowSpec', 'podMetadata', 'labels']],
  }[form];
  return altered(workload(form), [['metadata', 'labels'], labels], ...paths.map((path) => [path, labels] as const));
};

export const fixtures: Fixtures = {
  passing: inEachForm('labelled', (form) => [workload(form)]),
  violating: FEW.flatMap((form) => [
    { title: `${form}: no cost centre`, resources: [lacking(COST_CENTRE, form)] },
    { title: `${form}: no owner`, resources: [lacking(OWNER, form)] },
  ]),
};
