import type { Fixtures } from '../fixture.ts';
import { EXPORTER, inEachForm, workload } from '../samples.ts';

const TOKEN = { volumes: [{ name: 'api', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }] } as const;
const FEW = ['Pod', 'Deployment', 'CronJob', 'CronWorkflow'] as const;

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('an account of its own, no token', (form) => [workload(form)]),
    {
      title: 'a client of the API, as listed',
      resources: [workload('Deployment', EXPORTER, { automountServiceAccountToken: true })],
      config: { apiClients: { 'millrace-monitoring/exporter': 'reads the objects that it counts' } },
    },
    {
      title: 'a client of the API, as listed, that mounts its token as a volume',
      resources: [workload('Deployment', EXPORTER, TOKEN)],
      config: { apiClients: { 'millrace-monitoring/exporter': 'reads the objects that it counts' } },
    },
    {
      title: 'a volume of other sources',
      resources: [
        workload('Deployment', EXPORTER, { volumes: [{ name: 'ca', projected: { sources: [{ configMap: { name: 'ca' } }] } }] }),
      ],
    },
    {
      title: 'two workloads, two accounts',
      resources: [workload('Deployment'), workload('Deployment', { ...EXPORTER, name: 'other' })],
    },
  ],
  violating: [
    ...inEachForm('the default account', (form) => [workload(form, EXPORTER, { serviceAccountName: 'default' })]),
    ...inEachForm('no account named', (form) => [workload(form, EXPORTER, { serviceAccountName: undefined })], FEW),
    ...inEachForm('a token without need', (form) => [workload(form, EXPORTER, { automountServiceAccountToken: true })]),
    ...inEachForm('a token by default', (form) => [workload(form, EXPORTER, { automountServiceAccountToken: undefined })], FEW),
    ...inEachForm('a token among the volumes', (form) => [workload(form, EXPORTER, TOKEN)], FEW),
    {
      title: 'listed under another namespace',
      resources: [workload('Deployment', EXPORTER, { automountServiceAccountToken: true })],
      config: { apiClients: { 'millrace-lake/exporter': 'reads the objects that it counts' } },
    },
    {
      title: 'two workloads share an account',
      resources: [
        workload('Deployment'),
        workload('Deployment', { ...EXPORTER, name: 'other' }, { serviceAccountName: 'exporter' }),
      ],
      previewOnly: true,
    },
  ],
};
