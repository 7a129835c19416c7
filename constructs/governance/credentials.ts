import { type DatabaseUser, userName } from '../../app/registry/metadata/users.ts';
import type { Access, WorkloadDeclaration } from '../../app/workloads.ts';
import { AWS_VALUES, placeholder } from '../bridge/placeholder.ts';
import { rdsAuthority } from '../registry/rds-authority.ts';
import { PLATFORM, type Site } from '../site.ts';

/** A password that a workload needs, as files of a Secret in its own namespace. */
export interface Credential {
  /** Which of the stores it opens. */
  readonly opens: 'log' | 'objects' | 'online' | 'metadata' | 'keys';
  /** Name of the Secret, and of the ExternalSecret that makes it. */
  readonly secret: string;
  /** The ClusterSecretStore that it is read from; `own`: a store of the workload's account, by which it alone may read it. */
  readonly store: string;
  /** Files of the Secret, and where each is read from. */
  readonly files: Readonly<Record<string, { readonly key: string; readonly property: string }>>;
  /** Files of the Secret whose text is no secret, e.g. who signs for the server. */
  readonly known?: Readonly<Record<string, string>>;
  /** The user that the password belongs to. */
  readonly user?: string;
  /** A duty that it allows and that no other workload may have beside another: `millrace.dev/grants`. */
  readonly grants?: Duty;
}

/** What credentials allow that duties are parted by: moving the champion, writing what is trained on, owning the registry's tables. */
export type Duty = 'promote' | 'write-data' | 'own-tables';

/** The duty that a user of the registry's database has, if it has one. */
export const dutyOf = (user: DatabaseUser): Duty | undefined =>
  user === 'gate' ? 'promote' : user === 'owner' ? 'own-tables' : undefined;

/** Users whose password one account alone may read. */
export const isAlone = (user: DatabaseUser): boolean => dutyOf(user) !== undefined;

/** Secrets as their makers call them: Strimzi, CloudNativePG and cert-manager have names of their own. */
export const MADE = {
  brokerCertificates: `${PLATFORM}-cluster-ca-cert`,
  singleBroker: 'kafka-auth',
  singleBrokerCertificate: 'kafka-tls',
  onlineCertificate: 'valkey-tls',
  databaseCertificate: `${PLATFORM}-registry-ca`,
  masterKey: 'keyring',
  gateKey: 'gate-signing-key',
} as const;

/** Users of the online store: who only reads may not write. */
export const ONLINE_USERS = ['reader', 'writer'] as const;
type OnlineUser = (typeof ONLINE_USERS)[number];

export const onlineSecret = (user: OnlineUser): string => `valkey-${user}`;

export const databaseSecret = (user: DatabaseUser): string => `registry-${user}`;

/** The store of a namespace's own Secrets; the one that the cloud keeps. */
export const storeOf = (layer: string): string => `${PLATFORM}-${layer}`;
export const OWN_STORE = 'own';
export const CLOUD_STORE = `${PLATFORM}-cloud`;

/** Where the cloud keeps a password. */
export const cloudName = ({ dials }: Site, part: string): string => `${PLATFORM}-${dials.environment}-${part}`;

type Declared = Pick<WorkloadDeclaration, 'name' | 'layer' | 'byPerson' | 'reads' | 'writes'>;

/** Whether it signs verdicts: the gate, by itself. What people decide needs a verdict and makes none. */
export const signsVerdicts = ({ layer, byPerson }: Pick<WorkloadDeclaration, 'layer' | 'byPerson'>): boolean =>
  layer === 'delivery' && byPerson !== true;

/** What a workload may open, from what it declares: nothing it does not read or write. */
export function credentialsOf(site: Site, usecase: string | undefined, declaration: Declared): readonly Credential[] {
  const { reads, writes, name } = declaration;
  const stores = new Set([...reads, ...writes].map(({ store }) => store));
  const touches = (...some: readonly Access['store'][]): boolean => some.some((store) => stores.has(store));
  const own = usecase === undefined ? name : `${usecase}-${name}`;
  return [
    // On MSK it is the pod's identity that opens the log (cluster/aws-grants.ts).
    ...(touches('log') && site.dials.providers.log !== 'msk' ? [logCredential(site, own, writesEvents(usecase, writes))] : []),
    ...(touches('lake', 'objects', 'audit') && site.dials.objects !== undefined
      ? [objectsCredential(site, own, site.dials.objects, writes)]
      : []),
    ...(touches('online')
      ? [onlineCredential(site, own, writes.some(({ store }) => store === 'online') ? 'writer' : 'reader')]
      : []),
    ...(touches('metadata', 'keys')
      ? [databaseCredential(site, own, databaseUser(declaration), signsVerdicts(declaration))]
      : []),
    ...(touches('keys') && site.dials.target === 'kubernetes' ? [keyCredential(own)] : []),
  ];
}

const writesEvents = (usecase: string | undefined, writes: readonly Access[]): boolean =>
  writes.some((access) => access.store === 'log' && access.topic !== `${usecase}.prediction`);

function logCredential(site: Site, own: string, grants: boolean): Credential {
  const head = { opens: 'log', secret: `${own}-log`, ...(grants && { grants: 'write-data' as const }) } as const;
  const store = storeOf('ingestion');
  if (site.dials.providers.log === 'single') {
    const { singleBroker, singleBrokerCertificate } = MADE;
    const files = {
      password: { key: singleBroker, property: 'password' },
      'ca.crt': { key: singleBrokerCertificate, property: 'ca.crt' },
    };
    return { ...head, store, user: PLATFORM, files };
  }
  const files = {
    password: { key: own, property: 'password' },
    'ca.crt': { key: MADE.brokerCertificates, property: 'ca.crt' },
  };
  return { ...head, store, user: own, files };
}

type Objects = NonNullable<Site['dials']['objects']>;

/** A key of the S3 endpoint: where it is read from, and who signs for the endpoint where that is an authority of one's own. */
export function objectsFiles(
  { dials: { environment } }: Site,
  own: string,
  { secretStore, certificateAuthority }: Objects,
): Pick<Credential, 'store' | 'files' | 'known'> {
  const key = `${PLATFORM}/${environment}/objects/${own}`;
  return {
    store: secretStore,
    files: { 'access-key': { key, property: 'access-key' }, 'secret-key': { key, property: 'secret-key' } },
    ...(certificateAuthority !== undefined && { known: { 'ca.crt': certificateAuthority } }),
  };
}

function objectsCredential(site: Site, own: string, objects: Objects, writes: readonly Access[]): Credential {
  return {
    opens: 'objects',
    secret: `${own}-objects`,
    ...objectsFiles(site, own, objects),
    ...(writes.some((access) => access.store === 'lake') && { grants: 'write-data' as const }),
  };
}

function onlineCredential(site: Site, own: string, user: OnlineUser): Credential {
  const head = { opens: 'online', secret: `${own}-online`, user } as const;
  if (site.dials.providers.online === 'elasticache')
    return { ...head, store: CLOUD_STORE, files: { password: { key: cloudName(site, `online-${user}`), property: 'password' } } };
  return {
    ...head,
    store: storeOf('features'),
    files: {
      password: { key: onlineSecret(user), property: 'password' },
      'ca.crt': { key: MADE.onlineCertificate, property: 'ca.crt' },
    },
  };
}

/** The gate's user for delivery, the owner where the registry itself writes; else by the mightiest thing it does. */
export function databaseUser({ layer, reads, writes }: Declared): DatabaseUser {
  if (layer === 'delivery') return 'gate';
  if (writes.some(({ store }) => store === 'metadata')) return layer === 'registry' ? 'owner' : 'writer';
  return [...reads, ...writes].some(({ store }) => store === 'keys') ? 'keys' : 'reader';
}

function databaseCredential(site: Site, own: string, user: DatabaseUser, signs: boolean): Credential {
  const grants = dutyOf(user);
  const head = {
    opens: 'metadata',
    secret: `${own}-metadata`,
    user: userName(user),
    ...(grants !== undefined && { grants }),
  } as const;
  if (site.dials.providers.metadata === 'rds')
    return {
      ...head,
      store: CLOUD_STORE,
      // RDS itself keeps the owner's.
      files: {
        password: {
          key: user === 'owner' ? placeholder(AWS_VALUES.metadataOwner) : cloudName(site, databaseSecret(user)),
          property: 'password',
        },
      },
      known: { 'ca.crt': rdsAuthority(site.dials.aws?.region ?? '') },
    };
  return {
    ...head,
    store: isAlone(user) ? OWN_STORE : storeOf('registry'),
    files: {
      password: { key: databaseSecret(user), property: 'password' },
      'ca.crt': { key: MADE.databaseCertificate, property: 'ca.crt' },
      // Beside its password, under the same account's eyes alone.
      ...(signs && { 'signing-key': { key: MADE.gateKey, property: 'password' } }),
    },
  };
}

const keyCredential = (own: string): Credential => ({
  opens: 'keys',
  // Not `-keys`: the database has a user of that name, with a Secret of its own in the registry's namespace.
  secret: `${own}-master-key`,
  store: storeOf('governance'),
  files: { 'master-key': { key: MADE.masterKey, property: 'password' } },
});
