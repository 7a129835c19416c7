import type { Construct } from 'constructs';
import { network, reaching } from '../cluster/edges.ts';
import { memberSet } from '../cluster/member-set.ts';
import { type PodProps, podTemplate } from '../cluster/pod.ts';
import { serverCertificate } from '../governance/certificates.ts';
import { objectsFiles } from '../governance/credentials.ts';
import { copiedSecret, generatedSecret } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { type Endpoint, namespaceOf, PLATFORM, type Site } from '../site.ts';

const COORDINATOR = { name: 'warehouse', layer: 'lake' } as const;
const WORKER = { name: 'warehouse-worker', layer: 'lake' } as const;
const HTTPS = 8443;
const CONFIG = 'warehouse-config';
const CERTIFICATE = 'warehouse-tls';
const SHARED = 'warehouse-shared';
const OBJECTS = 'warehouse-objects';
const HEAP_SHARE = 0.75;
const SIZE = { cpu: '1000m', memory: 4_096 } as const;
const WORKERS = { least: 2, available: 3 } as const;

/** SQL over the lake's own tables, by Trino: a coordinator and workers, TLS between them, no password in any of its files. */
export function warehouse(scope: Construct, site: Site): void {
  const { dials, endpoints } = site;
  if (dials.providers.warehouse !== 'trino' || dials.objects === undefined) return;
  const namespace = namespaceOf('lake');
  const owner = dials.owner;
  serverCertificate(scope, 'warehouse-certificate', {
    site,
    named: COORDINATOR,
    secret: CERTIFICATE,
    hosts: [host(COORDINATOR), host(WORKER), `*.${host(WORKER)}`],
    combined: true,
  });
  generatedSecret(scope, 'warehouse-shared-secret', { site, named: COORDINATOR, name: SHARED, length: 64, holds: {} });
  copiedSecret(scope, 'warehouse-objects-secret', COORDINATOR, owner, {
    secret: OBJECTS,
    ...objectsFiles(site, COORDINATOR.name, dials.objects),
  });
  object(scope, 'warehouse-config', 'v1 ConfigMap', {
    metadata: { name: CONFIG, namespace, labels: labelsOf(COORDINATOR, owner) },
    data: { ...configOf(site) },
  });
  // One coordinator plans all queries: a second would know nothing of the first one's.
  memberSet(scope, COORDINATOR.name, {
    ...COORDINATOR,
    site,
    replicas: 1,
    ports: [{ name: 'https', port: HTTPS }],
    ingress: [],
    egress: [endpoints.objects, peer(WORKER)],
    pod: podOf(site, COORDINATOR),
  });
  workers(scope, site);
}

const peer = (named: Named): Endpoint => ({
  name: named.name,
  host: host(named),
  port: HTTPS,
  pods: { namespace: namespaceOf(named.layer), labels: selectorOf(named) },
});

const host = ({ name, layer }: Named): string => `${name}.${namespaceOf(layer)}.svc`;

/** Trino reads `${ENV:…}` of its own environment: the start script fills that from files, so the files here are plain. */
export function configOf({ dials, endpoints }: Site): Readonly<Record<string, string>> {
  const heap = Math.floor(SIZE.memory * HEAP_SHARE);
  const common = [
    'http-server.http.enabled=false',
    'http-server.https.enabled=true',
    `http-server.https.port=${HTTPS}`,
    `http-server.https.keystore.path=/run/secrets/${CERTIFICATE}/tls-combined.pem`,
    `internal-communication.https.truststore.path=/run/secrets/${CERTIFICATE}/ca.crt`,
    'internal-communication.https.required=true',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Trino's own words for a value of its environment
    'internal-communication.shared-secret=${ENV:SHARED_SECRET}',
    `discovery.uri=https://${host(COORDINATOR)}:${HTTPS}`,
    `query.max-memory-per-node=${Math.floor(heap / 2)}MB`,
  ];
  return {
    'coordinator.properties': [...common, 'coordinator=true', 'node-scheduler.include-coordinator=false', ''].join('\n'),
    'worker.properties': [...common, 'coordinator=false', ''].join('\n'),
    'jvm.config': ['-server', `-Xmx${heap}M`, '-XX:+ExitOnOutOfMemoryError', '--add-modules=jdk.incubator.vector', ''].join('\n'),
    'log.properties': 'io.trino=INFO\n',
    'lake.properties': [
      'connector.name=delta_lake',
      'hive.metastore=file',
      `hive.metastore.catalog.dir=s3://${dials.objects?.bucket ?? ''}/warehouse`,
      'delta.register-table-procedure.enabled=true',
      'fs.native-s3.enabled=true',
      `s3.endpoint=https://${endpoints.objects.host}:${endpoints.objects.port}`,
      `s3.region=${dials.objects?.region ?? ''}`,
      's3.path-style-access=true',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Trino's own words for a value of its environment
      's3.aws-access-key=${ENV:ACCESS_KEY}',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Trino's own words for a value of its environment
      's3.aws-secret-key=${ENV:SECRET_KEY}',
      '',
    ].join('\n'),
    'start.sh': START,
  };
}

const START = `#!/bin/bash
set -euo pipefail
export SHARED_SECRET="$(cat /run/secrets/${SHARED}/password)"
export ACCESS_KEY="$(cat /run/secrets/${OBJECTS}/access-key)" SECRET_KEY="$(cat /run/secrets/${OBJECTS}/secret-key)"
mkdir -p /tmp/etc/catalog /tmp/data
cp "/etc/millrace/${CONFIG}/$1.properties" /tmp/etc/config.properties
cp /etc/millrace/${CONFIG}/jvm.config /etc/millrace/${CONFIG}/log.properties /tmp/etc/
cp /etc/millrace/${CONFIG}/lake.properties /tmp/etc/catalog/lake.properties
printf 'node.environment=%s\\nnode.id=%s\\nnode.data-dir=/tmp/data\\n' ${PLATFORM} "$HOSTNAME" > /tmp/etc/node.properties
exec /usr/lib/trino/bin/launcher run --etc-dir /tmp/etc
`;

/** The pods that read the tables. */
function workers(scope: Construct, site: Site): void {
  const owner = site.dials.owner;
  const replicas = site.dials.highAvailability ? WORKERS.available : WORKERS.least;
  const metadata = { name: WORKER.name, namespace: namespaceOf('lake'), labels: labelsOf(WORKER, owner) };
  const selector = { matchLabels: selectorOf(WORKER) };
  object(scope, 'workers-account', 'v1 ServiceAccount', { metadata, automountServiceAccountToken: false });
  network(scope, 'workers-network', {
    ...WORKER,
    owner,
    egress: [site.endpoints.objects, peer(COORDINATOR), peer(WORKER)],
  });
  object(scope, 'workers-budget', 'policy/v1 PodDisruptionBudget', {
    metadata,
    spec: { minAvailable: replicas - 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector },
  });
  object(scope, 'workers-service', 'v1 Service', {
    metadata,
    spec: {
      clusterIP: 'None',
      selector: selectorOf(WORKER),
      ports: [{ name: 'https', port: HTTPS, targetPort: 'https', protocol: 'TCP' }],
    },
  });
  object(scope, 'workers', 'apps/v1 Deployment', {
    metadata,
    spec: {
      replicas,
      revisionHistoryLimit: 5,
      selector,
      template: podTemplate({ ...WORKER, owner, nodes: site.dials.providers.nodes, ...podOf(site, WORKER) }),
    },
  });
}

const podOf = ({ endpoints }: Site, { name }: Named): Omit<PodProps, keyof Named | 'owner' | 'nodes'> => ({
  image: IMAGES.trino,
  command: ['/bin/bash', `/etc/millrace/${CONFIG}/start.sh`, name === COORDINATOR.name ? 'coordinator' : 'worker'],
  ports: [{ name: 'https', containerPort: HTTPS }],
  resources: { cpu: SIZE.cpu, memory: `${SIZE.memory}Mi`, disk: '10Gi' },
  probes: {
    startupProbe: { tcpSocket: { port: 'https' }, periodSeconds: 5, failureThreshold: 48 },
    readinessProbe: { httpGet: { path: '/v1/info', port: 'https', scheme: 'HTTPS' }, periodSeconds: 10, failureThreshold: 3 },
    livenessProbe: { tcpSocket: { port: 'https' }, periodSeconds: 20, failureThreshold: 6 },
  },
  graceSeconds: 120,
  priority: 'training',
  secrets: [CERTIFICATE, SHARED, OBJECTS],
  configs: [CONFIG],
  scratch: '8Gi',
  labels: reaching([endpoints.objects]),
});
