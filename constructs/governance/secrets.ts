import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { MODEL } from '../../app/usecases/model-annotations.ts';
import { serviceAccountOf } from '../cluster/pod.ts';
import { labelsOf, type Named } from '../labels.ts';
import { customObject, object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { type Credential, OWN_STORE, storeOf } from './credentials.ts';

/** How often a copied password is compared with its source: a changed one reaches the pods' files within it. */
const REFRESH = '15m';
const READER = 'secret-reader';
/** 62 kinds of characters: 43 of them hold 256 bits. */
export const KEY_LENGTH = 43;

/** A Secret in a workload's namespace, kept equal to its source by the External Secrets operator. */
export function copiedSecret(
  scope: Construct,
  id: string,
  named: Named,
  owner: string,
  credential: Omit<Credential, 'opens'>,
): void {
  const { secret, files, known, user, grants } = credential;
  const store =
    credential.store === OWN_STORE
      ? ownStore(scope, id, named, owner, credential)
      : { kind: 'ClusterSecretStore', name: credential.store };
  const labels = {
    ...labelsOf(named, owner),
    ...(grants !== undefined && { [MODEL.grants]: grants }),
  };
  customObject(scope, id, 'external-secrets.io/v1 ExternalSecret', {
    metadata: { name: secret, namespace: namespaceOf(named.layer), labels },
    spec: {
      refreshInterval: REFRESH,
      secretStoreRef: store,
      target: {
        name: secret,
        creationPolicy: 'Owner',
        deletionPolicy: 'Delete',
        template: {
          metadata: { labels },
          data: {
            ...Object.fromEntries(Object.keys(files).map((name) => [name, `{{ index . "${name}" }}`])),
            ...known,
            ...(user !== undefined && { username: user }),
          },
        },
      },
      data: Object.entries(files).map(([secretKey, remoteRef]) => ({ secretKey, remoteRef })),
    },
  });
}

/** Lets one workload's account, and no other, read these Secrets of the registry; the operator reads them in its name. */
function ownStore(scope: Construct, id: string, named: Named, owner: string, { files }: Pick<Credential, 'files'>) {
  const namespace = namespaceOf('registry');
  const account = serviceAccountOf(named);
  const labels = labelsOf(named, owner);
  const subject = { kind: 'ServiceAccount', name: account, namespace: namespaceOf(named.layer) };
  const secrets = [...new Set(Object.values(files).map(({ key }) => key))];
  reader(scope, `${id}-own`, { name: account, namespace, labels }, secrets, subject);
  customObject(scope, `${id}-own-store`, 'external-secrets.io/v1 SecretStore', {
    metadata: { name: account, namespace: namespaceOf(named.layer), labels },
    spec: { provider: { kubernetes: cluster(namespace, namespaceOf(named.layer), { name: account }) } },
  });
  return { kind: 'SecretStore', name: account };
}

/** This cluster's own API as a source of Secrets of a namespace. */
const cluster = (remoteNamespace: string, trust: string, serviceAccount: Readonly<Record<string, string>>) => ({
  remoteNamespace,
  server: { caProvider: { type: 'ConfigMap', name: 'kube-root-ca.crt', key: 'ca.crt', namespace: trust } },
  auth: { serviceAccount },
});

/** The right to read Secrets by name, and who has it. */
function reader(
  scope: Construct,
  id: string,
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  resourceNames: readonly string[],
  subject: { readonly kind: string; readonly name: string; readonly namespace: string },
): void {
  object(scope, `${id}-readable`, 'rbac.authorization.k8s.io/v1 Role', {
    metadata,
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [...resourceNames], verbs: ['get'] }],
  });
  object(scope, `${id}-readable-by-store`, 'rbac.authorization.k8s.io/v1 RoleBinding', {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
    subjects: [subject],
  });
}

/** A password nobody chose, made once in the cluster and never shown; its holders read it through the namespace's store. */
export function generatedSecret(scope: Construct, id: string, { site, named, name, length = 40, holds }: GeneratedSecret): void {
  const namespace = namespaceOf(named.layer);
  const labels = labelsOf(named, site.dials.owner);
  customObject(scope, `${id}-generator`, 'generators.external-secrets.io/v1alpha1 Password', {
    metadata: { name, namespace, labels },
    spec: { length, digits: Math.floor(length / 4), symbols: 0, noUpper: false, allowRepeat: true },
  });
  customObject(scope, id, 'external-secrets.io/v1 ExternalSecret', {
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...(holds.grants !== undefined && { [MODEL.grants]: holds.grants }) },
      ...(holds.store !== undefined && { annotations: { [DATA.store]: holds.store } }),
    },
    spec: {
      // Made once: a new one would lock out whoever holds the old.
      refreshInterval: '0',
      target: {
        name,
        creationPolicy: 'Orphan',
        ...(holds.user !== undefined && {
          template: {
            type: 'kubernetes.io/basic-auth',
            metadata: { labels },
            data: { username: holds.user, password: '{{ .password }}' },
          },
        }),
      },
      dataFrom: [
        { sourceRef: { generatorRef: { apiVersion: 'generators.external-secrets.io/v1alpha1', kind: 'Password', name } } },
      ],
    },
  });
}

interface GeneratedSecret {
  readonly site: Site;
  readonly named: Named;
  readonly name: string;
  /** Characters, of 62 kinds. @default 40 */
  readonly length?: number;
  readonly holds: { readonly user?: string; readonly store?: string; readonly grants?: Credential['grants'] | undefined };
}

/** The store through which other namespaces of the platform read Secrets of this one, and the identity it reads with. */
export function namespaceStore(scope: Construct, { dials }: Site, layer: string): void {
  const namespace = namespaceOf(layer);
  const labels = labelsOf({ name: READER, layer }, dials.owner);
  object(scope, `${READER}-account`, 'v1 ServiceAccount', {
    metadata: { name: READER, namespace, labels },
    automountServiceAccountToken: false,
  });
  customObject(scope, 'secret-store', 'external-secrets.io/v1 ClusterSecretStore', {
    metadata: { name: storeOf(layer), labels },
    spec: {
      conditions: [{ namespaceSelector: { matchLabels: { 'millrace.dev/part-of': 'millrace' } } }],
      provider: { kubernetes: cluster(namespace, namespace, { name: READER, namespace }) },
    },
  });
}

/** Lets the store of a layer read these Secrets by name, and no others. */
export function readableSecrets(scope: Construct, site: Site, named: Named, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  const namespace = namespaceOf(named.layer);
  const labels = labelsOf(named, site.dials.owner);
  const name = named.usecase === undefined ? `${READER}-${named.name}` : `${READER}-${named.usecase}-${named.name}`;
  reader(scope, named.name, { name, namespace, labels }, secrets, { kind: 'ServiceAccount', name: READER, namespace });
}
