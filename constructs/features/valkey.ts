import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { wholeNamespace } from '../cluster/edges.ts';
import { memberSet } from '../cluster/member-set.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { resourcesOf } from '../cluster/size.ts';
import { serverCertificate } from '../governance/certificates.ts';
import { MADE, ONLINE_USERS, onlineSecret } from '../governance/credentials.ts';
import { generatedSecret, readableSecrets } from '../governance/secrets.ts';
import { IMAGES } from '../images.ts';
import { labelsOf, type Named, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { type Endpoint, namespaceOf, type Site } from '../site.ts';
import { SENTINEL_PORT, STORE_PORT, scripts } from './valkey-scripts.ts';

const NAMED = { name: 'valkey', layer: 'features' } as const;
const SCRIPTS = 'valkey-scripts';
/** Members' and Sentinels' own password: no client has it. */
const OWN = 'valkey-own';
const SENTINEL = { cpu: '50m', memory: '64Mi', disk: '64Mi' } as const;

/** Name of a shard's members; Sentinel knows the shard by the same name. */
export const shardName = (shard: number): string => `valkey-${shard}`;

/**
 * The online store: a primary and its replicas by shard, a Sentinel beside each member that makes a replica primary where the
 * primary is lost, TLS everywhere, a user who may read and one who may write.
 */
export function valkey(scope: Construct, site: Site): void {
  if (site.dials.providers.online !== 'valkey') return;
  const namespace = namespaceOf(NAMED.layer);
  const owner = site.dials.owner;
  const { shards, replicas, maxMemory } = site.plan.platform.valkey;
  for (const user of ONLINE_USERS)
    generatedSecret(scope, `valkey-${user}-password`, {
      site,
      named: NAMED,
      name: onlineSecret(user),
      holds: { user, store: 'online' },
    });
  generatedSecret(scope, 'valkey-own-password', { site, named: NAMED, name: OWN, holds: { store: 'online' } });
  readableSecrets(scope, site, NAMED, [...ONLINE_USERS.map(onlineSecret), MADE.onlineCertificate]);
  const names = Array.from({ length: shards.value }, (_, shard) => shardName(shard));
  serverCertificate(scope, 'valkey-certificate', {
    site,
    named: NAMED,
    secret: MADE.onlineCertificate,
    hosts: [site.endpoints.online.host, ...names.flatMap((name) => [hostOf(name), `*.${hostOf(name)}`]), 'localhost'],
  });
  const members = 1 + replicas.value;
  object(scope, 'valkey-scripts', 'v1 ConfigMap', {
    metadata: { name: SCRIPTS, namespace, labels: labelsOf(NAMED, owner) },
    data: { ...scripts({ maxMemoryMiB: maxMemory.value, members, service: site.endpoints.online.host, own: OWN }) },
  });
  // Clients ask any Sentinel of any shard.
  object(scope, 'valkey-any', 'v1 Service', {
    metadata: { name: NAMED.name, namespace, labels: labelsOf(NAMED, owner) },
    spec: {
      clusterIP: 'None',
      selector: anyMember,
      ports: [
        { name: 'valkey', port: STORE_PORT, targetPort: 'valkey', protocol: 'TCP' },
        { name: 'sentinel', port: SENTINEL_PORT, targetPort: 'sentinel', protocol: 'TCP' },
      ],
    },
  });
  for (const name of names) shard(scope, site, name, members);
}

const hostOf = (name: string): string => `${name}.${namespaceOf(NAMED.layer)}.svc`;

/** Every member of every shard: the network policies of callers name these labels. */
const anyMember = { 'millrace.dev/member-of': NAMED.name };

function shard(scope: Construct, site: Site, name: string, members: number): void {
  const named: Named = { name, layer: NAMED.layer };
  const { valkey: plan } = site.plan.platform;
  const peers: Endpoint = {
    name: 'valkey-peers',
    host: hostOf(name),
    port: STORE_PORT,
    morePorts: [SENTINEL_PORT],
    pods: { namespace: namespaceOf(NAMED.layer), labels: selectorOf(named) },
  };
  memberSet(scope, name, {
    ...named,
    site,
    replicas: members,
    annotations: { [DATA.store]: 'online' },
    ports: [
      { name: 'valkey', port: STORE_PORT },
      { name: 'sentinel', port: SENTINEL_PORT },
    ],
    // Append-only file and its rewrite beside it.
    disk: { size: `${diskOf(plan.maxMemory.value)}Gi`, mountPath: '/data' },
    ingress: [{ from: [wholeNamespace(OPERATORS.prometheus)], ports: [STORE_PORT] }],
    egress: [peers],
    pod: {
      image: IMAGES.valkey,
      command: ['/bin/sh', `/etc/millrace/${SCRIPTS}/member.sh`],
      env: { SHARD: name, HEADLESS: hostOf(name) },
      ports: [{ name: 'valkey', containerPort: STORE_PORT }],
      resources: resourcesOf(plan),
      probes: {
        startupProbe: { exec: { command: probe('alive.sh') }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 60 },
        readinessProbe: { exec: { command: probe('ready.sh') }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        livenessProbe: { exec: { command: probe('alive.sh') }, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
      },
      beside: [
        {
          name: 'sentinel',
          image: IMAGES.valkey,
          command: ['/bin/sh', `/etc/millrace/${SCRIPTS}/sentinel.sh`],
          env: { SHARD: name, HEADLESS: hostOf(name) },
          ports: [{ name: 'sentinel', containerPort: SENTINEL_PORT }],
          resources: SENTINEL,
          probes: {
            readinessProbe: {
              exec: { command: probe('sentinel-ready.sh') },
              periodSeconds: 10,
              timeoutSeconds: 5,
              failureThreshold: 3,
            },
            livenessProbe: { tcpSocket: { port: 'sentinel' }, periodSeconds: 20, failureThreshold: 6 },
          },
        },
      ],
      labels: anyMember,
      graceSeconds: 60,
      priority: 'serving',
      secrets: [...ONLINE_USERS.map(onlineSecret), OWN, MADE.onlineCertificate],
      configs: [SCRIPTS],
    },
  });
}

const probe = (script: string): string[] => ['/bin/sh', `/etc/millrace/${SCRIPTS}/${script}`];

/**
 * GiB for three times the memory, in coarse steps: the claims of a set cannot change, so that each other size has the whole
 * set made anew, and load should move without that.
 */
const diskOf = (memoryMiB: number): number => 2 ** Math.ceil(Math.log2(Math.max(8, (memoryMiB * 3) / 1_024)));
