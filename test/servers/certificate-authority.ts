import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a certificate and its key, both PEM (the key PKCS#8). */
export interface CertificateFiles {
  readonly crt: string;
  readonly key: string;
}

export interface CertificateAuthority {
  readonly ca: CertificateFiles;
  /** Makes `<name>.crt` and `<name>.key` beside it; `names` as openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
  signed(name: string, subject: string, names: string): CertificateFiles;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('These tests make their certificates with openssl, and it is not on PATH: install it.', { cause: error });
  }
}

/** A test's own authority, in a folder that is made for it. */
export function certificateAuthority(dir: string): CertificateAuthority {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pair = (name: string): CertificateFiles => ({ crt: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) });
  const ca = pair('ca');
  openssl(['req', '-x509', ...CURVE, '-days', '365', '-subj', '/CN=millrace-test-ca', '-keyout', ca.key, '-out', ca.crt]);
  return {
    ca,
    signed(name, subject, names) {
      const { crt, key } = pair(name);
      const request = join(dir, `${name}.csr`);
      const extensions = join(dir, `${name}.ext`);
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      openssl(['req', ...CURVE, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request]);
      const by = ['-CA', ca.crt, '-CAkey', ca.key, '-CAcreateserial', '-days', '365', '-extfile', extensions];
      openssl(['x509', '-req', '-in', request, ...by, '-out', crt]);
      return { crt, key };
    },
  };
}
