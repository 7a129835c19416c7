import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../app/settings.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import * as features from '../../constructs/features/charts.ts';
import { platformChart, useCaseChart } from '../../constructs/governance/charts.ts';
import { credentialsOf, databaseUser } from '../../constructs/governance/credentials.ts';
import { platformErasure, useCaseErasure } from '../../constructs/governance/erasure-manifest.ts';
import * as ingestion from '../../constructs/ingestion/charts.ts';
import * as lake from '../../constructs/lake/charts.ts';
import * as registry from '../../constructs/registry/charts.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const platform = (variant?: Variant) => manifests((app) => platformChart(app, site(variant)));
const usecase = (variant?: Variant) => manifests((app) => useCaseChart(app, site(variant), retail));
const workload = (name: string): WorkloadDeclaration => {
  const found = workloadsOf(retail).find((one) => one.name === name);
  assert.ok(found);
  return found;
};

test('the manifests are the ones we reviewed', (t) => {
  t.assert.snapshot([platform(), usecase()]);
});

test('nobody has a wildcard, a shell, a right to raise itself, or a Secret by list', () => {
  for (const { metadata, rules } of [...ofKind(platform(), 'Role'), ...ofKind(usecase(), 'Role')]) {
    for (const { verbs, resources, resourceNames } of rules) {
      const name = `${metadata.namespace}/${metadata.name}`;
      assert.ok(![...verbs, ...resources].includes('*'), name);
      assert.ok(!resources.some((one: string) => /exec|attach|portforward|token/.test(one)), name);
      assert.ok(!verbs.some((verb: string) => ['escalate', 'bind', 'impersonate'].includes(verb)), name);
      if (resources.includes('secrets')) assert.ok(resourceNames.length > 0 && verbs.join() === 'get', name);
    }
  }
});

test('the gate alone changes a route, and only its own use case’s', () => {
  const routes = [...platform(), ...usecase()].filter(
    ({ kind, rules }) => kind === 'Role' && JSON.stringify(rules).includes('httproutes'),
  );
  assert.deepEqual(
    routes.map(({ metadata }) => metadata.name),
    ['retail-gate'],
  );
  assert.deepEqual(routes[0]?.rules[0].resourceNames, ['retail']);
  assert.deepEqual(named(usecase(), 'RoleBinding', 'retail-gate').subjects, [
    { kind: 'ServiceAccount', name: 'retail-gate', namespace: 'millrace-delivery' },
  ]);
});

test('a workload gets the passwords of the stores that it declares, and no other', () => {
  const made = site();
  const opens = (name: string) => credentialsOf(made, 'retail', workload(name)).map((credential) => credential.opens);
  assert.deepEqual(opens('compact'), ['objects']);
  assert.ok(!opens('retrain').includes('log') && !opens('retrain').includes('online'));
  assert.ok(!opens('gate').includes('log'));
  assert.ok(!opens('backfill').includes('log'));
});

test('one password promotes, and its holder writes no data', () => {
  const made = site();
  const grants = (name: string) => credentialsOf(made, 'retail', workload(name)).flatMap((credential) => credential.grants ?? []);
  for (const { name, layer } of workloadsOf(retail))
    assert.equal(grants(name).includes('promote'), layer === 'delivery', `${name} promotes or not`);
  assert.deepEqual(grants('gate'), ['promote']);
  for (const name of ['collector', 'sink', 'retrain']) assert.ok(grants(name).includes('write-data'), name);
});

test('what a person decides has the gate’s user and not its signature, and an erasure has neither', () => {
  const made = site();
  const filesOf = (name: string) =>
    credentialsOf(made, 'retail', workload(name)).find(({ opens }) => opens === 'metadata') ?? assert.fail(name);
  const [gate, decide, erase] = ['gate', 'decide', 'erase'].map(filesOf);
  assert.deepEqual([gate?.user, decide?.user, erase?.user], ['millrace_gate', 'millrace_gate', 'millrace_keys']);
  assert.ok(gate !== undefined && 'signing-key' in gate.files);
  for (const other of [decide, erase]) assert.ok(other !== undefined && !('signing-key' in other.files), other?.secret);
  assert.deepEqual([decide?.store, erase?.store], ['own', 'millrace-registry']);
});

test('what erases runs when a person starts it, and is handed the id as a file that no manifest holds', () => {
  const { spec } = named(usecase(), 'CronJob', 'retail-erase');
  assert.equal(spec.suspend, true);
  const [container] = spec.jobTemplate.spec.template.spec.containers;
  const file = '/run/secrets/retail-erase-subject/id';
  assert.deepEqual(container.args, ['governance', 'erase', '--subject-file', file]);
  assert.ok(container.volumeMounts.some(({ mountPath }: { mountPath: string }) => file.startsWith(mountPath)));
  assert.equal(usecase().filter(({ metadata }) => metadata.name === 'retail-erase-subject').length, 0);
});

test('a reader of the database is no writer of it', () => {
  assert.equal(databaseUser({ name: 'x', layer: 'serving', reads: [{ store: 'metadata' }], writes: [] }), 'reader');
  assert.equal(databaseUser({ name: 'x', layer: 'serving', reads: [{ store: 'keys' }], writes: [] }), 'keys');
  assert.equal(databaseUser({ name: 'x', layer: 'monitoring', reads: [], writes: [{ store: 'metadata' }] }), 'writer');
  assert.equal(databaseUser({ name: 'x', layer: 'delivery', reads: [], writes: [{ store: 'metadata' }] }), 'gate');
});

test('the program reads every setting that a container is given', () => {
  for (const target of ['kubernetes', 'aws'] as const) {
    const made = site({ target });
    for (const declaration of workloadsOf(retail)) {
      const env = settingsEnv(made, 'retail', declaration);
      // A placeholder is poured on deployment: it stands for a name.
      const poured = Object.entries(env).map(([key, value]) => [
        key,
        key === 'MILLRACE_LOG_BROKERS' ? 'broker:9096' : value.replaceAll(/\{\{\w+\}\}/g, 'poured'),
      ]);
      assert.equal(readSettings(Object.fromEntries(poured)).MILLRACE_WORKLOAD, declaration.name);
      assert.ok(!Object.keys(env).some((key) => /(PASSWORD|KEY|SECRET)$/.test(key) && !/KMS_KEY$/.test(key)));
    }
  }
});

test('every store of a use case and of the platform is where an erasure looks', () => {
  const made = site();
  assert.deepEqual(
    useCaseErasure(made, retail).stores.map(({ name }) => name),
    ['retail.click', 'retail.click.dead', 'retail.prediction'],
  );
  const stores = [features, ingestion, lake, registry].flatMap(({ platformChart: chart }) =>
    manifests((app) => chart(app, made)).filter(({ kind }) => ['StatefulSet', 'Cluster'].includes(kind)),
  );
  const { stores: erased, exempt } = platformErasure(made);
  assert.deepEqual(
    [...erased, ...exempt].map(({ kind, name }) => `${kind} ${name}`).sort(),
    stores.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(),
  );
});

test('on aws passwords come from the cloud by the identity of its reader', () => {
  const { spec } = named(platform({ target: 'aws', environment: 'prod' }), 'ClusterSecretStore', 'millrace-cloud');
  assert.deepEqual(spec.provider, { aws: { service: 'SecretsManager', region: 'eu-central-1' } });
});
