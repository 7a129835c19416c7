import type { Fixtures } from '../fixture.ts';
import { container, EXPORTER, type Form, inEachForm, workload } from '../samples.ts';

const main = (altering: Readonly<Record<string, unknown>>) => {
  const { resources } = container() as { resources: { limits: Record<string, string>; requests: Record<string, string> } };
  const limits = Object.fromEntries(
    Object.entries({ ...resources.limits, ...altering }).filter(([, value]) => value !== undefined),
  );
  return container({ resources: { ...resources, limits } });
};
const lacking = (name: string) => (form: Form) => [workload(form, EXPORTER, { containers: [main({ [name]: undefined })] })];
const noResources = (form: Form) => [workload(form, EXPORTER, { initContainers: [container({ name: 'first', resources: {} })] })];

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('bounded', (form) => [workload(form)]),
    ...inEachForm('limits alone, which Kubernetes takes as requests', (form) => [
      workload(form, EXPORTER, {
        containers: [container({ resources: { limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' } } })],
      }),
    ]),
  ],
  violating: [
    ...inEachForm('no limit of memory', lacking('memory')),
    ...inEachForm('no limit of CPU', lacking('cpu'), ['Deployment', 'CronJob']),
    ...inEachForm('no limit of ephemeral storage', lacking('ephemeral-storage'), ['Deployment', 'Pod']),
    ...inEachForm('an init container without resources', noResources, ['Deployment', 'Pod', 'Job']),
  ],
};
