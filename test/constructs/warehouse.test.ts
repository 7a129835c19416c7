import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tablesWorkload } from '../../app/platform-workloads.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import * as lake from '../../constructs/lake/charts.ts';
import { warehouseFiles } from '../../constructs/lake/warehouse-files.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const platform = (variant?: Variant) => manifests((app) => lake.platformChart(app, site(variant)));
const usecase = (variant?: Variant) => manifests((app) => lake.useCaseChart(app, site(variant), retail));
const NONE = { dials: { providers: { ...site().dials.providers, warehouse: 'none' } } } as const;
/** From where a pod of this name is reached, by every policy that speaks of it. */
const admitted = (objects: ReturnType<typeof platform>, pod: string): readonly string[] =>
  ofKind(objects, 'NetworkPolicy')
    .filter(({ spec }) => spec.podSelector.matchLabels['app.kubernetes.io/name'] === pod)
    .flatMap(({ spec }) => (spec.ingress ?? []).flatMap(({ from }: { from: readonly object[] }) => from))
    .map((peer) => JSON.stringify(peer));

test('the warehouse and what makes its tables known are there only by its dial, and no file holds a secret', () => {
  assert.deepEqual(platform(NONE), []);
  assert.ok(!usecase(NONE).some(({ metadata }) => metadata.name.includes('warehouse')));
  const files = warehouseFiles(site());
  assert.match(files['lake.properties'] ?? '', /^s3\.aws-secret-key=\$\{ENV:SECRET_KEY\}$/m);
  assert.match(files['coordinator.properties'] ?? '', /^internal-communication\.shared-secret=\$\{ENV:SHARED_SECRET\}$/m);
  assert.match(files['coordinator.properties'] ?? '', /^http-server\.http\.enabled=false$/m);
});

test('its members have the names that their certificate is for', () => {
  const objects = platform();
  const { dnsNames } = named(objects, 'Certificate', 'warehouse-tls').spec;
  const script = warehouseFiles(site())['start.sh'] ?? '';
  const [, coordinator, worker] = /then name=(\S+); else name=\$HOSTNAME\.(\S+); fi/.exec(script) ?? [];
  assert.ok(dnsNames.includes(coordinator));
  assert.ok(dnsNames.includes(`*.${worker}`));
  // A member of a StatefulSet alone has a name of its own under its Service.
  const { serviceName } = named(objects, 'StatefulSet', 'warehouse-worker').spec;
  assert.equal(worker, `${serviceName}.millrace-lake.svc`);
});

test('the namespaces of the dial may ask, the workers and who makes tables known may as well, and nobody else', () => {
  const namespace = (name: string) => `"kubernetes.io/metadata.name":"${name}"`;
  const closed = [...admitted(platform(), 'warehouse'), ...admitted(usecase(), 'warehouse')];
  assert.ok(
    closed.every((peer) => peer.includes(namespace('millrace-lake')) && peer.includes('podSelector')),
    closed.join(),
  );
  const told: Variant = { dials: { warehouse: { callers: ['grafana', 'notebooks'] } } };
  const open = [...admitted(platform(told), 'warehouse'), ...admitted(usecase(told), 'warehouse')];
  const more = open.filter((peer) => !closed.includes(peer));
  assert.deepEqual(more.map((peer) => /name":"([\w-]+)"/.exec(peer)?.[1]).sort(), ['grafana', 'notebooks']);
  assert.deepEqual(admitted(platform(told), 'warehouse-worker'), admitted(platform(), 'warehouse-worker'));
});

test('each hour the tables that came are made known, by a pod that holds the key and no private key of a server', () => {
  const { spec } = named(usecase(), 'CronJob', 'retail-warehouse-tables');
  assert.equal(spec.schedule, tablesWorkload.schedule);
  const { containers, volumes } = spec.jobTemplate.spec.template.spec;
  assert.deepEqual(containers[0].args, ['lake', 'register']);
  const secrets = volumes.flatMap(({ secret }: { secret?: { secretName: string; items?: unknown } }) => secret ?? []);
  assert.deepEqual(
    secrets.map(({ secretName, items }: { secretName: string; items?: unknown }) => [secretName, items]),
    [
      ['warehouse-tables-key', undefined],
      ['warehouse-tls', [{ key: 'ca.crt', path: 'ca.crt' }]],
    ],
  );
  const workers = named(platform(), 'StatefulSet', 'warehouse-worker').spec.template.spec.volumes;
  assert.ok(!JSON.stringify(workers).includes('warehouse-tables-key'), 'a worker checks nobody');
});

test('an endpoint with a certificate of one’s own authority is trusted through the file that the start looks for', () => {
  const { objects } = site().dials;
  const own = { dials: { objects: { ...objects, certificateAuthority: '-----BEGIN CERTIFICATE-----\n' } } };
  assert.ok('ca.crt' in named(platform(own), 'ExternalSecret', 'warehouse-objects').spec.target.template.data);
  assert.match(warehouseFiles(site())['start.sh'] ?? '', /if \[ -f \/run\/secrets\/warehouse-objects\/ca\.crt \]/);
});
