import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { credentialsOf, DATABASE_USERS } from '../../constructs/governance/credentials.ts';
import { platformChart } from '../../constructs/registry/charts.ts';
import { rdsAuthority } from '../../constructs/registry/rds-authority.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { manifests, named, ofKind, site } from './site.ts';

const AWS = { target: 'aws', environment: 'prod' } as const;
const objects = manifests((app) => platformChart(app, site(AWS)));
const [job] = ofKind(objects, 'Job');

test('on RDS a run as its owner makes the users; elsewhere the operator does, and there is none', () => {
  assert.match(job?.metadata.name ?? '', /^database-users-[0-9a-f]{10}$/);
  assert.equal(
    ofKind(
      manifests((app) => platformChart(app, site())),
      'Job',
    ).length,
    0,
  );
});

test('that run has every password by reference, in files that it alone mounts', () => {
  const { data, secretStoreRef } = named(objects, 'ExternalSecret', 'database-users-passwords').spec;
  assert.equal(secretStoreRef.name, 'millrace-cloud');
  const keys = Object.fromEntries(
    data.map(({ secretKey, remoteRef }: { secretKey: string; remoteRef: { key: string } }) => [secretKey, remoteRef.key]),
  );
  assert.deepEqual(keys, {
    owner: '{{metadataOwner}}',
    ...Object.fromEntries(DATABASE_USERS.map((user) => [user, `millrace-prod-registry-${user}`])),
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

test('where the operator makes the users, the one that makes tables owns the database, and the grants are the same', () => {
  const { initdb } = named(
    manifests((app) => platformChart(app, site())),
    'Cluster',
    'millrace-registry',
  ).spec.bootstrap;
  assert.deepEqual([initdb.owner, initdb.secret], ['millrace_writer', { name: 'registry-writer' }]);
  const sql: string = named(objects, 'ConfigMap', 'database-users').data['users.sql'];
  const grants = initdb.postInitApplicationSQL.filter((statement: string) => !statement.startsWith('create role'));
  assert.ok(grants.length > 5);
  for (const statement of grants) assert.ok(sql.includes(`${statement};\n`), statement);
});
