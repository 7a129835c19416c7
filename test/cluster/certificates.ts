import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who may speak to the API server of a test, by static token. Members of `system:masters` may do all, `nobody` nothing. */
export const USERS = {
  admin: { name: 'admin', group: 'system:masters' },
  kcm: { name: 'system:kube-controller-manager', group: '' },
  scheduler: { name: 'system:kube-scheduler', group: '' },
  kwok: { name: 'kwok', group: 'system:masters' },
  operator: { name: 'system:serviceaccount:strimzi-system:strimzi-cluster-operator', group: 'system:masters' },
  nobody: { name: 'nobody', group: '' },
} as const;
export type User = keyof typeof USERS;

export const tokenOf = (user: User): string => `${user}-token`;

/** Paths of the files that `makeCertificates` writes; of each certificate `<name>.crt` and `<name>.key`. */
export interface Certificates {
  readonly ca: { readonly crt: string; readonly key: string };
  readonly apiserver: { readonly crt: string; readonly key: string };
  readonly frontProxy: { readonly crt: string; readonly key: string };
  readonly kwok: { readonly crt: string; readonly key: string };
  readonly serviceAccounts: { readonly pub: string; readonly key: string };
  readonly tokens: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('The cluster tests make their certificates with openssl, and it is not on PATH: install it.', {
      cause: error,
    });
  }
}

/** Writes a test's own certificate authority, server certificates for loopback, the signing key of service accounts, and tokens. */
export function makeCertificates(dir: string): Certificates {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pair = (name: string) => ({ crt: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) });
  const ca = pair('ca');
  openssl(['req', '-x509', ...CURVE, '-days', '365', '-subj', '/CN=millrace-test-ca', '-keyout', ca.key, '-out', ca.crt]);

  const signed = (name: string, subject: string, names: string) => {
    const { crt, key } = pair(name);
    const request = join(dir, `${name}.csr`);
    const extensions = join(dir, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    openssl(['req', ...CURVE, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request]);
    const by = ['-CA', ca.crt, '-CAkey', ca.key, '-CAcreateserial', '-days', '365', '-extfile', extensions];
    openssl(['x509', '-req', '-in', request, ...by, '-out', crt]);
    return { crt, key };
  };

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const serviceAccounts = { pub: join(dir, 'service-accounts.pub'), key: join(dir, 'service-accounts.key') };
  writeFileSync(serviceAccounts.pub, publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(serviceAccounts.key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

  const tokens = join(dir, 'tokens.csv');
  const lines = Object.entries(USERS).map(([user, { name, group }]) => `${tokenOf(user as User)},${name},${name},"${group}"\n`);
  writeFileSync(tokens, lines.join(''), { mode: 0o600 });
  return {
    ca,
    apiserver: signed('apiserver', 'kube-apiserver', 'DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1'),
    frontProxy: signed('front-proxy', 'front-proxy-client', 'DNS:localhost'),
    kwok: signed('kwok', 'kwok', 'DNS:localhost,IP:127.0.0.1'),
    serviceAccounts,
    tokens,
  };
}

/** Writes a kubeconfig (JSON is YAML) by which `user` reaches the API server at `url`; returns its path. */
export function writeKubeconfig(file: string, url: string, caFile: string, user: User): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'millrace-test',
    clusters: [{ name: 'millrace-test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token: tokenOf(user) } }],
    contexts: [{ name: 'millrace-test', context: { cluster: 'millrace-test', user } }],
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return file;
}
