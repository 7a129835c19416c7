import { PRIORITIES } from '../../app/usecases/annotations.ts';
import { alteredIn } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { EXPORTER, inEachForm, kubernetes, workload } from '../samples.ts';

const classes = PRIORITIES.map((name, index) =>
  kubernetes('scheduling.k8s.io/v1:PriorityClass', name, { value: 1_000_000 / 2 ** index, globalDefault: false }),
);
const FEW = ['Pod', 'Deployment', 'CronJob', 'CronWorkflow'] as const;

export const fixtures: Fixtures = {
  passing: [
    { title: 'three classes in order', resources: classes },
    ...inEachForm('the class of its layer', (form) => [workload(form)]),
    ...inEachForm('a class of the system', (form) => [workload(form, EXPORTER, { priorityClassName: 'system-node-critical' })], [
      'DaemonSet',
    ]),
  ],
  violating: [
    ...inEachForm('no class', (form) => [workload(form, EXPORTER, { priorityClassName: undefined })]),
    ...inEachForm('a class that is none of ours', (form) => [workload(form, EXPORTER, { priorityClassName: 'important' })], FEW),
    {
      title: 'training outranks ingestion',
      resources: alteredIn(classes, 'millrace-training', [['value'], 600_000]),
      previewOnly: true,
    },
    {
      title: 'serving equals ingestion',
      resources: alteredIn(classes, 'millrace-serving', [['value'], 500_000]),
      previewOnly: true,
    },
  ],
};
