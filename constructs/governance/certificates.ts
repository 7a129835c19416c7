import type { Construct } from 'constructs';
import { labelsOf, type Named } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';

interface ServerCertificate {
  readonly site: Site;
  readonly named: Named;
  /** Secret that the key pair is kept in, with the authority's certificate as `ca.crt`. */
  readonly secret: string;
  readonly hosts: readonly string[];
  /** Also key and chain in one file, `tls-combined.pem`, as Kafka reads them. @default false */
  readonly combined?: boolean;
}

/** A certificate of a server of the platform's own, by an authority made for it alone; cert-manager renews both. */
export function serverCertificate(scope: Construct, id: string, props: ServerCertificate): void {
  const { site, named, secret, hosts } = props;
  const namespace = namespaceOf(named.layer);
  const metadata = (name: string) => ({ name, namespace, labels: labelsOf(named, site.dials.owner) });
  const authority = `${secret}-authority`;
  const issuer = (name: string) => ({ group: 'cert-manager.io', kind: 'Issuer', name });
  customObject(scope, `${id}-self-signed`, 'cert-manager.io/v1 Issuer', {
    metadata: metadata(`${secret}-self-signed`),
    spec: { selfSigned: {} },
  });
  customObject(scope, `${id}-authority`, 'cert-manager.io/v1 Certificate', {
    metadata: metadata(authority),
    spec: {
      isCA: true,
      commonName: authority,
      secretName: authority,
      duration: '43800h',
      renewBefore: '8760h',
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: issuer(`${secret}-self-signed`),
    },
  });
  customObject(scope, `${id}-issuer`, 'cert-manager.io/v1 Issuer', {
    metadata: metadata(authority),
    spec: { ca: { secretName: authority } },
  });
  customObject(scope, id, 'cert-manager.io/v1 Certificate', {
    metadata: metadata(secret),
    spec: {
      secretName: secret,
      dnsNames: [...hosts],
      duration: '2160h',
      renewBefore: '720h',
      usages: ['server auth', 'client auth'],
      privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
      ...(props.combined === true && { additionalOutputFormats: [{ type: 'CombinedPEM' }] }),
      issuerRef: issuer(authority),
    },
  });
}
