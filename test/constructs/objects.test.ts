import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditWorkload, registryWorkload } from '../../app/platform-workloads.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import * as lake from '../../constructs/lake/charts.ts';
import * as registry from '../../constructs/registry/charts.ts';
import { settingsEnv } from '../../constructs/settings.ts';
import { manifests, named, site, type Variant } from './site.ts';

const AUTHORITY = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const { objects } = site().dials;
const own: Variant = { dials: { objects: { ...objects, certificateAuthority: AUTHORITY } } };
const every: readonly [string | undefined, WorkloadDeclaration][] = [
  ...workloadsOf(retail).map((one): [string, WorkloadDeclaration] => [retail.name, one]),
  [undefined, registryWorkload],
  [undefined, auditWorkload],
];

test('a container is told of the buckets of the stores that it declares, and of no other', () => {
  for (const target of ['kubernetes', 'aws'] as const)
    for (const [usecase, declaration] of every) {
      const stores = new Set([...declaration.reads, ...declaration.writes].map(({ store }) => store));
      const env = settingsEnv(site({ target }), usecase, declaration);
      assert.equal('MILLRACE_AUDIT_BUCKET' in env, stores.has('audit'), `${declaration.name}: audit`);
      assert.equal('MILLRACE_OBJECTS_BUCKET' in env, stores.has('lake') || stores.has('objects'), `${declaration.name}: objects`);
      assert.equal(
        'MILLRACE_OBJECTS_REGION' in env,
        env.MILLRACE_AUDIT_BUCKET !== undefined || env.MILLRACE_OBJECTS_BUCKET !== undefined,
      );
    }
});

test('an endpoint with a certificate of one’s own authority is trusted by who uses it, through a file', () => {
  const chart = manifests((app) => lake.useCaseChart(app, site(own), retail));
  const { template } = named(chart, 'ExternalSecret', 'retail-sink-objects').spec.target;
  assert.equal(template.data['ca.crt'], AUTHORITY);
  for (const [usecase, declaration] of every) {
    const env = settingsEnv(site(own), usecase, declaration);
    const uses = env.MILLRACE_OBJECTS_ENDPOINT !== undefined;
    const secret = `${usecase === undefined ? '' : 'retail-'}${declaration.name}-objects`;
    assert.equal(env.MILLRACE_OBJECTS_CA_FILE, uses ? `/run/secrets/${secret}/ca.crt` : undefined, declaration.name);
    assert.equal(settingsEnv(site(), usecase, declaration).MILLRACE_OBJECTS_CA_FILE, undefined, declaration.name);
  }
});

test('the database’s backups trust the same authority, and without one the world’s', () => {
  const backupOf = (variant?: Variant) => {
    const chart = manifests((app) => registry.platformChart(app, site(variant)));
    const { template } = named(chart, 'ExternalSecret', 'registry-backup').spec.target;
    return [named(chart, 'Cluster', 'millrace-registry').spec.backup.barmanObjectStore.endpointCA, template.data['ca.crt']];
  };
  assert.deepEqual(backupOf(own), [{ name: 'registry-backup', key: 'ca.crt' }, AUTHORITY]);
  assert.deepEqual(backupOf(), [undefined, undefined]);
});
