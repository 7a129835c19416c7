import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { ensureHome } from '../../aws-client.ts';
import { needed, type Settings } from '../../settings.ts';
import { lakeError } from '../errors.ts';

/** Where a bucket is, and who asks. */
export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** The server, where it is not AWS; its buckets are addressed by path. */
  readonly endpoint?: string;
  /** Files that hold a key and its secret; without them it is the pod's own identity that asks. */
  readonly accessKeyFile?: string;
  readonly secretKeyFile?: string;
  /** Certificates to trust beside the system's, PEM. */
  readonly caFile?: string;
  /** For a connection's beginning, and for its silence. @default { connectMs: 5_000, silenceMs: 30_000 } */
  readonly patience?: { readonly connectMs: number; readonly silenceMs: number };
  /** Tries of one request. @default 5 */
  readonly attempts?: number;
}

/** The bucket that a setting names. @throws MR_SETTINGS_INVALID where no region is given */
export function s3Access(settings: Settings, by: 'MILLRACE_OBJECTS_BUCKET' | 'MILLRACE_AUDIT_BUCKET'): S3Options {
  const { MILLRACE_OBJECTS_ENDPOINT: endpoint, MILLRACE_OBJECTS_CA_FILE: caFile } = settings;
  const { MILLRACE_OBJECTS_ACCESS_KEY_FILE: accessKeyFile, MILLRACE_OBJECTS_SECRET_KEY_FILE: secretKeyFile } = settings;
  const at = needed(settings, by, [by, 'MILLRACE_OBJECTS_REGION']);
  return {
    bucket: at[by],
    region: at.MILLRACE_OBJECTS_REGION,
    ...(endpoint !== undefined && { endpoint }),
    ...(caFile !== undefined && { caFile }),
    ...(accessKeyFile !== undefined && { accessKeyFile }),
    ...(secretKeyFile !== undefined && { secretKeyFile }),
  };
}

/** Files of secrets are read anew this often: whoever rotates a key need not restart what uses it. */
const KEY_LIFE_MS = 10 * 60_000;
/** Requests on the way at the same time. */
const SOCKETS = 64;

/** @throws MR_LAKE_STORE_REFUSED where a file of the key or of the certificates cannot be read */
export async function openClient(options: S3Options): Promise<S3Client> {
  const { accessKeyFile, secretKeyFile, caFile, endpoint, region } = options;
  const { connectMs, silenceMs } = options.patience ?? { connectMs: 5_000, silenceMs: 30_000 };
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const ca = caFile === undefined ? undefined : [...getCACertificates(), await readSecret(caFile)];
  const config: S3ClientConfig = {
    region,
    maxAttempts: options.attempts ?? 5,
    followRegionRedirects: false,
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: silenceMs,
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
      // Agents, not options for them: for a large body the client makes an agent of its own, which trusts nobody of ours.
      httpAgent: new Agent(agent),
      httpsAgent: new SecureAgent(ca === undefined ? agent : { ...agent, ca }),
    },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  };
  if (accessKeyFile !== undefined || secretKeyFile !== undefined) {
    const identity = async () => ({
      accessKeyId: await readSecret(accessKeyFile),
      secretAccessKey: await readSecret(secretKeyFile),
      expiration: new Date(Date.now() + KEY_LIFE_MS),
    });
    await identity();
    config.credentials = identity;
  }
  ensureHome();
  // 40 ms and 20 MB that only who has a bucket pays.
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client(config);
}

async function readSecret(path: string | undefined): Promise<string> {
  const text =
    path === undefined ? '' : (await readFile(path, 'utf8').catch((cause: unknown) => unread(path, String(cause)))).trim();
  return text === '' ? unread(path ?? '(not set)', 'it is empty') : text;
}

function unread(path: string, why: string): never {
  throw lakeError('MR_LAKE_STORE_REFUSED', `the object store's key cannot be read from ${path}: ${why}`, {
    field: path,
    expected: 'a file with the access key and one with its secret, or neither, and then the identity of the pod',
  });
}
