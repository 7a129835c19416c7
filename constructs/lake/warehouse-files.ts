import { CATALOG, REGISTRAR } from '../../app/lake/warehouse-names.ts';
import { selectorOf } from '../labels.ts';
import { type Endpoint, namespaceOf, PLATFORM, type Site } from '../site.ts';

/** The one that plans and answers, and those that read the tables. */
export const COORDINATOR = { name: 'warehouse', layer: 'lake' } as const;
export const WORKER = { name: 'warehouse-worker', layer: 'lake' } as const;
type Member = typeof COORDINATOR | typeof WORKER;

export const HTTPS = 8443;
/** How many bytes a member has, in MiB. */
export const MEMORY = 4_096;
const HEAP_SHARE = 0.75;

/** What is mounted into each member. */
export const MOUNTED = {
  config: 'warehouse-config',
  certificate: 'warehouse-tls',
  shared: 'warehouse-shared',
  objects: 'warehouse-objects',
  tables: 'warehouse-tables-key',
} as const;
const { config: CONFIG, certificate: CERTIFICATE, shared: SHARED, objects: OBJECTS } = MOUNTED;

export const hostOf = ({ name, layer }: Member): string => `${name}.${namespaceOf(layer)}.svc`;

export const memberEndpoint = (member: Member): Endpoint => ({
  name: member.name,
  host: hostOf(member),
  port: HTTPS,
  pods: { namespace: namespaceOf(member.layer), labels: selectorOf(member) },
});

/** Trino reads `${ENV:…}` of its own environment: the start script fills that from files, so the files here are plain. */
export function warehouseFiles({ dials, endpoints }: Site): Readonly<Record<string, string>> {
  const heap = Math.floor(MEMORY * HEAP_SHARE);
  const common = [
    'http-server.http.enabled=false',
    'http-server.https.enabled=true',
    `http-server.https.port=${HTTPS}`,
    `http-server.https.keystore.path=/run/secrets/${CERTIFICATE}/tls-combined.pem`,
    `internal-communication.https.truststore.path=/run/secrets/${CERTIFICATE}/ca.crt`,
    'internal-communication.https.required=true',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Trino's own words for a value of its environment
    'internal-communication.shared-secret=${ENV:SHARED_SECRET}',
    `discovery.uri=https://${hostOf(COORDINATOR)}:${HTTPS}`,
    `query.max-memory-per-node=${Math.floor(heap / 2)}MB`,
  ];
  return {
    'coordinator.properties': [...common, ...DOOR, ''].join('\n'),
    'worker.properties': [...common, 'coordinator=false', ''].join('\n'),
    'jvm.config': ['-server', `-Xmx${heap}M`, '-XX:+ExitOnOutOfMemoryError', '--add-modules=jdk.incubator.vector', ''].join('\n'),
    'log.properties': 'io.trino=INFO\n',
    'access-control.properties': 'access-control.name=file\nsecurity.config-file=/tmp/etc/rules.json\n',
    'rules.json': `${JSON.stringify(RULES, null, 2)}\n`,
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

/** Whoever the network lets in asks under any name, but for one: who bears that has signed with its key. */
const DOOR = [
  'coordinator=true',
  'node-scheduler.include-coordinator=false',
  'http-server.authentication.type=JWT,insecure',
  `http-server.authentication.jwt.key-file=/run/secrets/${MOUNTED.tables}/password`,
  `http-server.authentication.insecure.user-mapping.pattern=(?!${REGISTRAR}$)(.+)`,
] as const;

/** Tables are read by everyone and made known by one; nobody writes to one, or takes another's name. */
const RULES = {
  catalogs: [{ catalog: `${CATALOG}|system`, allow: 'all' }],
  schemas: [{ user: REGISTRAR, catalog: CATALOG, owner: true }, { owner: false }],
  tables: [{ user: REGISTRAR, catalog: CATALOG, privileges: ['SELECT', 'OWNERSHIP'] }, { privileges: ['SELECT'] }],
  procedures: [{ user: REGISTRAR, catalog: CATALOG, schema: 'system', procedure: 'register_table', privileges: ['EXECUTE'] }],
  queries: [{ allow: ['execute', 'view'] }],
} as const;

/**
 * A member says its own name to the others, which its certificate has; an address it does not have. An authority of one's own
 * that signs for the S3 endpoint is trusted beside the world's.
 */
const START = `#!/bin/bash
set -euo pipefail
role=$1
SHARED_SECRET=$(cat /run/secrets/${SHARED}/password)
ACCESS_KEY=$(cat /run/secrets/${OBJECTS}/access-key)
SECRET_KEY=$(cat /run/secrets/${OBJECTS}/secret-key)
export SHARED_SECRET ACCESS_KEY SECRET_KEY
mkdir -p /tmp/etc/catalog /tmp/data
files=/etc/millrace/${CONFIG}
cp "$files/$role.properties" /tmp/etc/config.properties
cp $files/jvm.config $files/log.properties $files/access-control.properties $files/rules.json /tmp/etc/
cp $files/lake.properties /tmp/etc/catalog/${CATALOG}.properties
if [ "$role" = coordinator ]; then name=${hostOf(COORDINATOR)}; else name=$HOSTNAME.${hostOf(WORKER)}; fi
printf '%s\\n' node.environment=${PLATFORM} "node.id=$HOSTNAME" node.data-dir=/tmp/data "node.internal-address=$name" > /tmp/etc/node.properties
if [ -f /run/secrets/${OBJECTS}/ca.crt ]; then
  cat "$JAVA_HOME/lib/security/cacerts" > /tmp/authorities
  "$JAVA_HOME/bin/keytool" -importcert -noprompt -alias objects -file /run/secrets/${OBJECTS}/ca.crt -keystore /tmp/authorities -storepass changeit
  echo '-Djavax.net.ssl.trustStore=/tmp/authorities' >> /tmp/etc/jvm.config
fi
exec /usr/lib/trino/bin/launcher run --etc-dir /tmp/etc
`;
