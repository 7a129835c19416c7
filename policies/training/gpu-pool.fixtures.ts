import { altered } from '../alteration.ts';
import type { Fixtures } from '../fixture.ts';
import { gpuAlerts, gpuNodeGroup, gpuPod, gpuPool, TOLERATION } from '../gpu-samples.ts';
import { EXPORTER, type Form, inEachForm, workload } from '../samples.ts';

const PODS = ['Pod', 'Deployment', 'StatefulSet', 'Job', 'CronJob', 'CronWorkflow'] as const;
const squatter = (tolerations: readonly unknown[]) => (form: Form) => [workload(form, EXPORTER, { tolerations })];
const TAINTS = ['spec', 'template', 'spec', 'taints'] as const;

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('tolerates and asks', (form) => [workload(form, EXPORTER, gpuPod('1'))], PODS),
    ...inEachForm('asks for none and tolerates another taint', squatter([{ key: 'spot', operator: 'Exists' }]), PODS),
    { title: 'a tainted pool', resources: [gpuPool, gpuAlerts] },
    { title: 'a tainted group of AWS', resources: [gpuNodeGroup, gpuAlerts] },
  ],
  violating: [
    ...inEachForm('tolerates and asks for none', squatter([TOLERATION]), PODS),
    ...inEachForm('tolerates everything', squatter([{ operator: 'Exists' }]), ['Pod', 'Deployment', 'CronJob']),
    ...inEachForm('asks for zero', (form) => [workload(form, EXPORTER, gpuPod('0'))], ['Deployment']),
    { title: 'a pool without a taint', resources: [altered(gpuPool, [TAINTS, undefined]), gpuAlerts] },
    {
      title: 'a pool whose taint only prefers',
      resources: [altered(gpuPool, [[...TAINTS, 0, 'effect'], 'PreferNoSchedule']), gpuAlerts],
    },
    { title: 'a group of AWS without a taint', resources: [altered(gpuNodeGroup, [['taints'], undefined]), gpuAlerts] },
  ],
};
