import type { Fixtures } from '../fixture.ts';
import { container, EXPORTER, type Form, inEachForm, kubernetes, workload } from '../samples.ts';

const FEW = ['Pod', 'Deployment', 'CronJob', 'CronWorkflow'] as const;
const withEnv = (entry: unknown) => (form: Form) => [workload(form, EXPORTER, { containers: [container({ env: [entry] })] })];
const config = (data: Readonly<Record<string, string>>) =>
  kubernetes('core/v1:ConfigMap', 'settings', { metadata: { namespace: 'millrace-monitoring' }, data });

export const fixtures: Fixtures = {
  passing: [
    ...inEachForm('a file of a secret', withEnv({ name: 'MILLRACE_LOG_PASSWORD_FILE', value: '/run/secrets/log/password' })),
    ...inEachForm('a setting', withEnv({ name: 'MILLRACE_USECASE', value: 'retail' }), FEW),
    ...inEachForm(
      'a field of the pod',
      withEnv({ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
      FEW,
    ),
    { title: 'a ConfigMap of settings', resources: [config({ 'settings.json': '{}', 'tokenizer.json': '{}' })] },
  ],
  violating: [
    ...inEachForm('a password in the environment', withEnv({ name: 'MILLRACE_LOG_PASSWORD', value: 'hunter2' })),
    ...inEachForm('a key in the environment', withEnv({ name: 'STORE_ACCESS_KEY', value: 'abc' }), FEW),
    ...inEachForm('a token in lower case', withEnv({ name: 'api_token', value: 'abc' }), FEW),
    ...inEachForm(
      'a secret poured into the environment',
      withEnv({ name: 'LOG_LOGIN', valueFrom: { secretKeyRef: { name: 'log', key: 'login' } } }),
      FEW,
    ),
    ...inEachForm(
      'all of a secret poured into the environment',
      (form) => [workload(form, EXPORTER, { containers: [container({ envFrom: [{ secretRef: { name: 'log' } }] })] })],
      FEW,
    ),
    { title: 'a ConfigMap with a password', resources: [config({ 'settings.json': '{}', 'log.password': 'hunter2' })] },
    { title: 'a ConfigMap with a private key', resources: [config({ 'private-key': 'abc' })] },
  ],
};
