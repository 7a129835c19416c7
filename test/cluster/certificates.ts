import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateFiles, certificateAuthority } from '../servers/certificate-authority.ts';

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
  readonly ca: CertificateFiles;
  readonly apiserver: CertificateFiles;
  readonly frontProxy: CertificateFiles;
  readonly kwok: CertificateFiles;
  readonly serviceAccounts: { readonly pub: string; readonly key: string };
  readonly tokens: string;
}

/** Writes a test's own certificate authority, server certificates for loopback, the signing key of service accounts, and tokens. */
export function makeCertificates(dir: string): Certificates {
  const { ca, signed } = certificateAuthority(dir);
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
