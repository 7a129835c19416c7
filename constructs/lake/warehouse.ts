import type { Construct } from 'constructs';
import { reaching, wholeNamespace } from '../cluster/edges.ts';
import { memberSet } from '../cluster/member-set.ts';
import type { PodProps } from '../cluster/pod.ts';
import { serverCertificate } from '../governance/certificates.ts';
import { objectsFiles } from '../governance/credentials.ts';
import { copiedSecret, generatedSecret } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf, type Named } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { COORDINATOR, HTTPS, hostOf, MEMORY, MOUNTED, memberEndpoint, WORKER, warehouseFiles } from './warehouse-files.ts';

const WORKERS = { least: 2, available: 3 } as const;

/**
 * SQL over the lake's own tables, by Trino: a coordinator and workers, TLS between them, no password in any of its files. The
 * namespaces that the dials name may ask; warehouse-tables.ts makes the tables known.
 */
export function warehouse(scope: Construct, site: Site): void {
  const { dials, endpoints } = site;
  if (dials.providers.warehouse !== 'trino' || dials.objects === undefined) return;
  const owner = dials.owner;
  serverCertificate(scope, 'warehouse-certificate', {
    site,
    named: COORDINATOR,
    secret: MOUNTED.certificate,
    hosts: [hostOf(COORDINATOR), hostOf(WORKER), `*.${hostOf(WORKER)}`],
    combined: true,
  });
  generatedSecret(scope, 'warehouse-shared-secret', { site, named: COORDINATOR, name: MOUNTED.shared, length: 64, holds: {} });
  generatedSecret(scope, 'warehouse-tables-secret', { site, named: COORDINATOR, name: MOUNTED.tables, length: 64, holds: {} });
  copiedSecret(scope, 'warehouse-objects-secret', COORDINATOR, owner, {
    secret: MOUNTED.objects,
    ...objectsFiles(site, COORDINATOR.name, dials.objects),
  });
  object(scope, 'warehouse-config', 'v1 ConfigMap', {
    metadata: { name: MOUNTED.config, namespace: namespaceOf(COORDINATOR.layer), labels: labelsOf(COORDINATOR, owner) },
    data: { ...warehouseFiles(site) },
  });
  const callers = (dials.warehouse?.callers ?? []).map(wholeNamespace);
  // One coordinator plans all queries: a second would know nothing of the first one's.
  memberSet(scope, COORDINATOR.name, {
    ...COORDINATOR,
    site,
    replicas: 1,
    ports: [{ name: 'https', port: HTTPS }],
    ingress: callers.length === 0 ? [] : [{ from: callers, ports: [HTTPS] }],
    egress: [endpoints.objects, memberEndpoint(WORKER)],
    pod: podOf(site, COORDINATOR),
  });
  // Members with names, which their certificate has.
  memberSet(scope, 'workers', {
    ...WORKER,
    site,
    replicas: dials.highAvailability ? WORKERS.available : WORKERS.least,
    ports: [{ name: 'https', port: HTTPS }],
    ingress: [],
    egress: [endpoints.objects, memberEndpoint(COORDINATOR), memberEndpoint(WORKER)],
    pod: podOf(site, WORKER),
  });
}

const podOf = ({ endpoints }: Site, { name }: Named): Omit<PodProps, keyof Named | 'owner' | 'nodes'> => ({
  image: IMAGES.trino,
  command: ['/bin/bash', `/etc/millrace/${MOUNTED.config}/start.sh`, name === COORDINATOR.name ? 'coordinator' : 'worker'],
  ports: [{ name: 'https', containerPort: HTTPS }],
  resources: { cpu: '1000m', memory: `${MEMORY}Mi`, disk: '10Gi' },
  probes: {
    startupProbe: { tcpSocket: { port: 'https' }, periodSeconds: 5, failureThreshold: 48 },
    readinessProbe: { httpGet: { path: '/v1/info', port: 'https', scheme: 'HTTPS' }, periodSeconds: 10, failureThreshold: 3 },
    livenessProbe: { tcpSocket: { port: 'https' }, periodSeconds: 20, failureThreshold: 6 },
  },
  graceSeconds: 120,
  priority: 'training',
  secrets: [MOUNTED.certificate, MOUNTED.shared, MOUNTED.objects, ...(name === COORDINATOR.name ? [MOUNTED.tables] : [])],
  configs: [MOUNTED.config],
  scratch: '8Gi',
  labels: reaching([endpoints.objects]),
});
