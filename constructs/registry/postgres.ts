import type { Construct } from 'constructs';
import { DATABASE_USERS, EVERYDAY_USERS, userName } from '../../app/registry/metadata/users.ts';
import { LAYER } from '../../app/usecases/annotations.ts';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { admitted, network, pods, reaching, wholeNamespace } from '../cluster/edges.ts';
import { nodeSelector } from '../cluster/node-selector.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { resourcesOf } from '../cluster/size.ts';
import { databaseSecret, dutyOf, isAlone, MADE, objectsFiles } from '../governance/credentials.ts';
import { copiedSecret, generatedSecret, KEY_LENGTH, readableSecrets } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { type Endpoint, namespaceOf, PLATFORM, type Site } from '../site.ts';

const NAMED = { name: 'postgres', layer: 'registry' } as const;
/** The endpoints' host is this and `-rw`: the primary. */
export const CLUSTER = `${PLATFORM}-registry`;
/** Their network is opened by the layer's label, as in ingestion/kafka.ts, for its reason. */
const OURS = { [LAYER]: NAMED.layer } as const;
/** What the operator itself labels the cluster's pods with, its runs among them, and no others. */
const MEMBERS = { 'cnpg.io/cluster': CLUSTER } as const;
const BACKUP = 'registry-backup';
const PORT = 5432;
const STATUS_PORT = 8000;
const METRICS_PORT = 9187;
/** Days that a backup can be taken back to. */
const BACKUP_DAYS = 30;

/** It takes over a database that was the writer's. */
const OWNER_RIGHTS = { createdb: true, inRoles: [userName('writer')] } as const;

/** The registry's database: a primary and its standbys by CloudNativePG, TLS only, a user for each kind of caller, backups to the lake's store. */
export function postgres(scope: Construct, site: Site): void {
  const { dials, plan } = site;
  if (dials.providers.metadata !== 'cloudnative-pg') return;
  const { postgres: size } = plan.platform;
  const namespace = namespaceOf(NAMED.layer);
  const labels = labelsOf(NAMED, dials.owner);
  for (const user of DATABASE_USERS)
    generatedSecret(scope, `postgres-${user}-password`, {
      site,
      named: NAMED,
      name: databaseSecret(user),
      holds: { user: userName(user), store: 'metadata', grants: dutyOf(user) },
    });
  generatedSecret(scope, 'gate-signing-key', {
    site,
    named: NAMED,
    name: MADE.gateKey,
    length: KEY_LENGTH,
    holds: { store: 'keys', grants: dutyOf('gate') },
  });
  // The gate's own account alone reads the gate's password and key, the layout's the owner's.
  const shared = DATABASE_USERS.filter((user) => !isAlone(user)).map(databaseSecret);
  readableSecrets(scope, site, NAMED, [...shared, MADE.databaseCertificate]);
  const { cpu, memory } = resourcesOf(size);
  const selected = nodeSelector(dials.providers.nodes, 'cpu');
  customObject(scope, 'postgres', 'postgresql.cnpg.io/v1 Cluster', {
    metadata: { name: CLUSTER, namespace, labels, annotations: { [DATA.store]: 'metadata' } },
    spec: {
      inheritedMetadata: { labels: { ...OURS, ...reaching([site.endpoints.objects]) } },
      imageName: IMAGES.postgres,
      imagePullPolicy: 'Always',
      instances: size.instances.value,
      enableSuperuserAccess: false,
      enablePDB: size.instances.value > 1,
      primaryUpdateStrategy: 'unsupervised',
      priorityClassName: `${PLATFORM}-serving`,
      bootstrap: {
        initdb: {
          database: PLATFORM,
          owner: userName('owner'),
          secret: { name: databaseSecret('owner') },
          dataChecksums: true,
          encoding: 'UTF8',
          // Once, before the operator gives them their passwords; what each may do, the layout's run says (layout.ts).
          postInitApplicationSQL: EVERYDAY_USERS.map((user) => `create role ${userName(user)} login`),
        },
      },
      managed: {
        roles: DATABASE_USERS.map((user) => ({
          name: userName(user),
          ensure: 'present',
          login: true,
          inherit: true,
          ...(user === 'owner' && OWNER_RIGHTS),
          passwordSecret: { name: databaseSecret(user) },
        })),
      },
      postgresql: {
        // A verdict is answered when a second instance has it, where there is one.
        ...(size.instances.value > 1 && { synchronous: { method: 'any', number: 1, dataDurability: 'preferred' } }),
        parameters: {
          password_encryption: 'scram-sha-256',
          log_connections: 'on',
          log_disconnections: 'on',
          log_min_duration_statement: '500ms',
          ssl_min_protocol_version: 'TLSv1.3',
          max_connections: '200',
          shared_buffers: `${Math.floor(size.memory.value / 4)}MB`,
        },
        // No line without TLS, none that trusts.
        pg_hba: ['hostnossl all all all reject', 'hostssl all all all scram-sha-256'],
      },
      storage: {
        size: `${size.storage.value}Gi`,
        resizeInUseVolumes: true,
        ...(dials.storageClass !== undefined && { storageClass: dials.storageClass }),
      },
      resources: {
        requests: { cpu, memory, 'ephemeral-storage': '512Mi' },
        limits: { cpu, memory, 'ephemeral-storage': '512Mi' },
      },
      affinity: {
        enablePodAntiAffinity: true,
        topologyKey: 'topology.kubernetes.io/zone',
        podAntiAffinityType: 'preferred',
        ...(selected && { nodeSelector: selected }),
      },
      monitoring: { enablePodMonitor: false },
      ...backupOf(site),
    },
  });
  if (dials.objects !== undefined) {
    copiedSecret(scope, 'postgres-backup-secret', { ...NAMED, name: BACKUP }, dials.owner, {
      secret: BACKUP,
      ...objectsFiles(site, BACKUP, dials.objects),
    });
    customObject(scope, 'postgres-nightly', 'postgresql.cnpg.io/v1 ScheduledBackup', {
      metadata: { name: CLUSTER, namespace, labels },
      // Six fields: the first is the second.
      spec: { schedule: '0 10 1 * * *', backupOwnerReference: 'self', cluster: { name: CLUSTER }, method: 'barmanObjectStore' },
    });
  }
  edges(scope, site);
}

function backupOf({ dials, endpoints }: Site): Readonly<Record<string, unknown>> {
  if (dials.objects === undefined) return {};
  const secret = (key: string) => ({ name: BACKUP, key });
  return {
    backup: {
      retentionPolicy: `${BACKUP_DAYS}d`,
      barmanObjectStore: {
        destinationPath: `s3://${dials.objects.bucket}/backups/registry`,
        endpointURL: `https://${endpoints.objects.host}:${endpoints.objects.port}`,
        ...(dials.objects.certificateAuthority !== undefined && { endpointCA: secret('ca.crt') }),
        s3Credentials: { accessKeyId: secret('access-key'), secretAccessKey: secret('secret-key') },
        wal: { compression: 'gzip' },
        data: { compression: 'gzip' },
      },
    },
  };
}

/** Instances follow each other; their manager asks the API server who leads; those who declare the metadata carry its label. */
function edges(scope: Construct, site: Site): void {
  const { metadata, controlPlane, objects } = site.endpoints;
  const peers: Endpoint = {
    name: 'postgres-peers',
    host: '',
    port: PORT,
    morePorts: [STATUS_PORT],
    pods: { namespace: namespaceOf(NAMED.layer), labels: MEMBERS },
    admits: 'cnpg.io/cluster',
  };
  network(scope, 'postgres-network', {
    ...NAMED,
    owner: site.dials.owner,
    pods: OURS,
    ingress: [
      ...(metadata.admits === undefined ? [] : [{ from: [admitted(metadata.admits)], ports: [PORT] }]),
      { from: [pods(namespaceOf(NAMED.layer), MEMBERS)], ports: [PORT, STATUS_PORT] },
      { from: [wholeNamespace(OPERATORS.cloudnativePg)], ports: [PORT, STATUS_PORT] },
      { from: [wholeNamespace(OPERATORS.prometheus)], ports: [METRICS_PORT] },
    ],
    egress: [peers, controlPlane, ...(site.dials.objects === undefined ? [] : [objects])],
  });
}
