import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { perform } from '../../constructs/act/perform.ts';
import type { Act, Template } from '../../constructs/act/run.ts';
import * as delivery from '../../constructs/delivery/charts.ts';
import * as governance from '../../constructs/governance/charts.ts';
import type { Answer, Connection } from '../../constructs/preflight/connection.ts';
import { manifests, named, site } from './site.ts';

const ADA = 'ada@example.org';
const templates: Readonly<Record<string, unknown>> = {
  'millrace-governance/cronjobs/retail-erase': named(
    manifests((app) => governance.useCaseChart(app, site(), retail)),
    'CronJob',
    'retail-erase',
  ),
  'millrace-delivery/cronjobs/retail-decide': named(
    manifests((app) => delivery.useCaseChart(app, site(), retail)),
    'CronJob',
    'retail-decide',
  ),
};

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A cluster where every run ends with this code, after one look at which it still goes on. */
function cluster(code = 0, refusing = '') {
  const asked: Asked[] = [];
  const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) });
  let looks = 0;
  const connection: Connection = {
    close: () => undefined,
    async ask(method, path, body) {
      asked.push({ method, path, body });
      if (refusing !== '' && method === 'POST' && path.endsWith(refusing)) return json(409, { message: `${refusing} refused` });
      if (path.includes('/cronjobs/')) {
        const found = Object.entries(templates).find(([name]) => path.endsWith(name));
        return found === undefined ? json(404, { message: 'not found' }) : json(200, found[1]);
      }
      if (method === 'POST' && path.endsWith('/jobs')) return json(201, { metadata: { name: 'one', uid: 'u' } });
      if (path.endsWith('/jobs/one')) {
        looks += 1;
        const conditions = looks === 1 ? [] : [{ type: code === 0 ? 'Complete' : 'Failed', status: 'True' }];
        return json(200, { metadata: { name: 'one', uid: 'u' }, status: { conditions } });
      }
      if (path.endsWith('/log')) return { status: 200, body: 'what it said\n' };
      const containerStatuses = [{ state: { terminated: { exitCode: code } } }];
      return path.includes('/pods?')
        ? json(200, { items: [{ metadata: { name: 'pod' }, status: { containerStatuses } }] })
        : json(200, {});
    },
  };
  return { connection, asked, of: (method: string) => asked.filter((one) => one.method === method) };
}

const performed = (connection: Connection, act: Act) => perform(connection, { usecase: retail, act, everyMs: 1 });

test('a decision runs from its template with the words of the person, who is said, and ends with its own code', async () => {
  const { connection, of } = cluster(1);
  const words = ['registry', 'approve', '3'];
  const done = await performed(connection, { words, as: 'olga' });
  assert.deepEqual(done, { run: 'millrace-delivery/one', exitCode: 1, log: 'what it said\n' });
  const [made, ...more] = of('POST');
  assert.deepEqual(more, []);
  assert.equal(made?.path, '/apis/batch/v1/namespaces/millrace-delivery/jobs');
  const job = made?.body as { readonly metadata: Template['metadata']; readonly spec: Template['spec']['jobTemplate']['spec'] };
  const template = templates['millrace-delivery/cronjobs/retail-decide'] as Template;
  const pod = structuredClone(template.spec.jobTemplate.spec) as unknown as {
    template: { spec: { containers: [{ args: string[] }] } };
  };
  pod.template.spec.containers[0].args = ['registry', 'approve', '3', '--as', 'olga'];
  assert.deepEqual(job.spec, pod);
  assert.deepEqual(job.metadata.labels, template.metadata.labels);
  assert.deepEqual(of('DELETE'), []);
});

test('an erasure is handed the id by a Secret of its run, which is gone after it, and by nothing else', async () => {
  const { connection, asked, of } = cluster();
  await performed(connection, { words: ['governance', 'erase'], as: 'data protection officer', subject: ADA });
  const secret = of('POST').find(({ path }) => path.endsWith('/secrets')) ?? assert.fail('no Secret');
  const { metadata, data } = secret.body as {
    metadata: { name: string; ownerReferences: object[] };
    data: Record<string, string>;
  };
  assert.deepEqual(data, { id: Buffer.from(ADA).toString('base64') });
  assert.deepEqual(metadata.ownerReferences, [{ apiVersion: 'batch/v1', kind: 'Job', name: 'one', uid: 'u' }]);
  assert.equal(asked.at(-1)?.method, 'DELETE');
  assert.equal(asked.at(-1)?.path, `/api/v1/namespaces/millrace-governance/secrets/${metadata.name}`);
  for (const one of asked.filter((other) => other !== secret)) assert.ok(!JSON.stringify(one).includes(ADA), one.path);
  const mounted = JSON.stringify(templates['millrace-governance/cronjobs/retail-erase']);
  assert.ok(mounted.includes(`"secretName":"${metadata.name}"`) && mounted.includes(`/${metadata.name}/id`));
});

test('while another erasure is on its way none begins, and its run does not stay', async () => {
  const { connection, of } = cluster(0, '/secrets');
  const act = { words: ['governance', 'erase'], as: 'officer', subject: ADA };
  await assert.rejects(performed(connection, act), { code: 'MR_STACK_ACT_REFUSED' });
  assert.deepEqual(
    of('DELETE').map(({ path }) => path),
    ['/apis/batch/v1/namespaces/millrace-governance/jobs/one?propagationPolicy=Background'],
  );
});

test('what is no act, or would show an id, is refused before anything is asked', async () => {
  const faults: readonly Act[] = [
    { words: ['governance', 'token', 'recommend'], as: 'x' },
    { words: ['delivery', 'gate'], as: 'x' },
    { words: [], as: 'x' },
    { words: ['governance', 'erase', ADA], as: 'x', subject: ADA },
    { words: ['governance', 'erase'], as: 'x' },
    { words: ['governance', 'erase'], as: 'x', subject: '' },
    { words: ['registry', 'approve', '3'], as: 'x', subject: ADA },
  ];
  for (const act of faults) {
    const { connection, asked } = cluster();
    const error = await performed(connection, act).then(
      () => assert.fail(act.words.join(' ')),
      (cause: unknown) => cause,
    );
    assert.equal((error as { code?: string }).code, 'MR_STACK_ACT', act.words.join(' '));
    assert.ok(!JSON.stringify(error).includes(ADA) && !String(error).includes(ADA));
    assert.deepEqual(asked, []);
  }
});

test('a cluster where the template is not, or that refuses the run, says so', async () => {
  const words = ['registry', 'rollback'];
  const { connection } = cluster(0, '/jobs');
  await assert.rejects(performed(connection, { words, as: 'x' }), /\/jobs refused/);
  const act = { words, as: 'x' };
  const absent = { usecase: { ...retail, name: 'other' }, act };
  await assert.rejects(perform(cluster().connection, absent), { code: 'MR_STACK_ACT_REFUSED', value: 404 });
});
