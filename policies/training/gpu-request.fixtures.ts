import { GPU } from '../../app/usecases/annotations.ts';
import type { Fixtures } from '../fixture.ts';
import { gpuPod } from '../gpu-samples.ts';
import { container, EXPORTER, type Form, inEachForm, workload } from '../samples.ts';

const asking =
  (more: Readonly<Record<string, unknown>>, gpus: unknown = '1') =>
  (form: Form) => [workload(form, EXPORTER, { ...gpuPod(gpus), ...more })];
const requested = () => {
  const plain = (container() as { resources: { requests: object } }).resources;
  return [container({ resources: { ...plain, requests: { ...plain.requests, [GPU]: '1' } } })];
};

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('one GPU, its pool and its taint', asking({})),
    ...inEachForm('a number that is not text', asking({}, 2), ['Pod', 'Deployment', 'CronJob']),
    ...inEachForm('one GPU on nodes without pools', asking({ nodeSelector: undefined })),
    ...inEachForm('none', (form) => [workload(form)]),
  ],
  violating: [
    ...inEachForm('the wrong pool', asking({ nodeSelector: { 'millrace.dev/pool': 'cpu' } })),
    ...inEachForm('no toleration', asking({ tolerations: undefined })),
    // The API server refuses these two by itself, before any policy is asked.
    ...inEachForm('half a GPU', asking({}, '1500m'), ['Pod', 'Deployment', 'CronJob']).map((fixture) => ({
      ...fixture,
      previewOnly: true,
    })),
    ...inEachForm('a request without a limit', asking({ containers: requested() }), ['Pod', 'Deployment']).map((fixture) => ({
      ...fixture,
      previewOnly: true,
    })),
  ],
};
