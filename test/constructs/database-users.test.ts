import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { layoutWorkload } from '../../app/platform-workloads.ts';
import { EVERYDAY_USERS } from '../../app/registry/metadata/users.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { credentialsOf } from '../../constructs/governance/credentials.ts';
import { platformChart } from '../../constructs/registry/charts.ts';
import { rdsAuthority } from '../../constructs/registry/rds-authority.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { manifests, named, ofKind, site } from './site.ts';

const AWS = { target: 'aws', environment: 'prod' } as const;
const objects = manifests((app) => platformChart(app, site(AWS)));
const jobOf = (of: typeof objects, name: string) => ofKind(of, 'Job').find(({ metadata }) => metadata.name.startsWith(name));
const job = jobOf(objects, 'database-users');
const onKubernetes = manifests((app) => platformChart(app, site()));

test('on RDS a run as its owner makes the users; elsewhere the operator does, and there is none', () => {
  assert.match(job?.metadata.name ?? '', /^database-users-[0-9a-f]{10}$/);
  assert.equal(jobOf(onKubernetes, 'database-users'), undefined);
});

test('that run has every password by reference, in files that it alone mounts', () => {
  const { data, secretStoreRef } = named(objects, 'ExternalSecret', 'database-users-passwords').spec;
  assert.equal(secretStoreRef.name, 'millrace-cloud');
  const keys = Object.fromEntries(
    data.map(({ secretKey, remoteRef }: { secretKey: string; remoteRef: { key: string } }) => [secretKey, remoteRef.key]),
  );
  assert.deepEqual(keys, {
    owner: '{{metadataOwner}}',
    ...Object.fromEntries(EVERYDAY_USERS.map((user) => [user, `millrace-prod-registry-${user}`])),
  });
  const mounting = objects.filter((object) => JSON.stringify(object.spec?.template ?? {}).includes('database-users-passwords'));
  assert.deepEqual(mounting, [job]);
  const [container] = job?.spec.template.spec.containers ?? [];
  for (const { name } of container.env) assert.doesNotMatch(name, /PASSWORD/);
});

test('it and every workload know the one authority that signs the database’s certificate', () => {
  const environment = Object.fromEntries(
    job?.spec.template.spec.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  assert.deepEqual([environment.PGSSLMODE, environment.PGSSLROOTCERT], ['verify-full', '/etc/millrace/database-users/ca.crt']);
  const authority = rdsAuthority('eu-central-1');
  assert.equal(named(objects, 'ConfigMap', 'database-users').data['ca.crt'], authority);
  assert.match(new X509Certificate(authority).subject, /Amazon RDS eu-central-1 Root CA RSA2048 G1/);
  assert.throws(() => rdsAuthority('mars-north-1'), {
    code: 'MR_STACK_DIALS',
    field: 'millrace:aws.region',
    value: 'mars-north-1',
  });
  const monitor = workloadsOf(retail).find(({ name }) => name === 'monitor') as WorkloadDeclaration;
  const credential = credentialsOf(site(AWS), retail.name, monitor).find(({ opens }) => opens === 'metadata');
  assert.deepEqual(credential?.known, { 'ca.crt': authority });
  const { MILLRACE_METADATA_CA_FILE: file } = settingsEnv(site(AWS), retail.name, monitor);
  assert.equal(file, '/run/secrets/retail-monitor-metadata/ca.crt');
});

test('where the operator makes the users, the database is its owner’s, who may take over what was the writer’s', () => {
  const { bootstrap, managed } = named(onKubernetes, 'Cluster', 'millrace-registry').spec;
  assert.deepEqual([bootstrap.initdb.owner, bootstrap.initdb.secret], ['millrace_owner', { name: 'registry-owner' }]);
  const roles: readonly { name: string; inRoles?: readonly string[] }[] = managed.roles;
  assert.deepEqual(
    roles.filter(({ inRoles }) => inRoles !== undefined).map(({ name, inRoles }) => [name, inRoles]),
    [['millrace_owner', ['millrace_writer']]],
  );
});

test('on both grounds one run an image, as the owner, makes the tables and says who may do what', () => {
  for (const [chart, password] of [
    [onKubernetes, 'registry-owner'],
    [objects, '{{metadataOwner}}'],
  ] as const) {
    const layout = jobOf(chart, 'registry-layout');
    assert.match(layout?.metadata.name ?? '', /^registry-layout-[0-9a-f]{10}$/);
    const [container] = layout?.spec.template.spec.containers ?? [];
    assert.deepEqual(container.args, ['registry', 'migrate']);
    const user = container.env.find(({ name }: { name: string }) => name === 'MILLRACE_METADATA_USER')?.value;
    assert.equal(user, 'millrace_owner');
    const secret = named(chart, 'ExternalSecret', 'registry-layout-metadata');
    assert.equal(secret.spec.data[0].remoteRef.key, password);
    assert.equal(secret.metadata.labels?.['millrace.dev/grants'], 'own-tables');
  }
  const other = manifests((app) =>
    platformChart(app, site({ dials: { image: `registry.test/millrace@sha256:${'7'.repeat(64)}` } })),
  );
  assert.equal(jobOf(other, 'registry-layout')?.metadata.name, `registry-layout-${'7'.repeat(10)}`);
  assert.deepEqual(layoutWorkload.writes, [{ store: 'metadata' }]);
});

test('the owner’s password is read by the layout’s account alone', () => {
  const reading = ofKind(onKubernetes, 'Role').filter(({ rules }) =>
    rules.some(({ resourceNames }: { resourceNames: readonly string[] }) => resourceNames.includes('registry-owner')),
  );
  assert.deepEqual(
    reading.map(({ metadata }) => metadata.name),
    ['registry-layout'],
  );
  const { subjects } = named(onKubernetes, 'RoleBinding', 'registry-layout');
  assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: 'registry-layout', namespace: 'millrace-registry' }]);
});
