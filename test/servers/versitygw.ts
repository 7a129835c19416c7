import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import { freePorts, lastWords, type Server, startServer } from '../cluster/server.ts';
import { Hopeless, until } from '../cluster/until.ts';
import { certificateAuthority } from './certificate-authority.ts';

/** A statement of a bucket's policy, as IAM writes it; users are principals by their access key. */
export type Statement = Readonly<Record<string, unknown>>;

/** A real S3 server on loopback: TLS alone, its own certificates, versioned buckets, users with policies. */
export interface S3Server {
  readonly port: number;
  /** Speaks as the owner of all buckets. */
  readonly owner: S3Client;
  /** How the owner opens a bucket that is there. */
  opened(bucket: string): S3Options;
  /** A new, empty bucket, versioned; with object lock every version is kept for a day, as on AWS. */
  bucket(options?: { readonly objectLock?: boolean }): Promise<S3Options>;
  /** A user who may do nothing yet: its access key, and the files of key and secret. */
  user(): { readonly name: string; readonly accessKeyFile: string; readonly secretKeyFile: string };
  allow(bucket: string, statements: readonly Statement[]): Promise<void>;
  /** Writes a text into a file of its own and returns its path. */
  file(text: string): string;
  /** A new, empty folder that goes with the server. */
  folder(): string;
  /** Ends the server as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again over the same files, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const REGION = 'eu-test-1';
export const OWNER = { accessKeyId: 'owner', secretAccessKey: 'owner-secret-1234567890' } as const;

/** `manyRules`: where policies may be longer than an attribute of a file, a few kilobytes. */
export async function startS3({ manyRules = false } = {}): Promise<S3Server> {
  const script = join(import.meta.dirname, '../../scripts/servers/versitygw');
  const program = execFileSync(script, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'millrace-s3-'));
  const authority = certificateAuthority(join(dir, 'certificates'));
  const tls = authority.signed('server', 'localhost', 'DNS:localhost,IP:127.0.0.1');
  const [port] = (await freePorts(1)) as [number];
  const endpoint = `https://localhost:${port}`;
  for (const name of ['iam', 'versions', 'data', 'files', 'attributes']) mkdirSync(join(dir, name));
  let count = 0;
  const file = (text: string): string => {
    count += 1;
    const path = join(dir, 'files', String(count));
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  };
  const owner = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: OWNER,
    requestHandler: { httpsAgent: { ca: readFileSync(authority.ca.crt) } },
  });
  const keys = ['--access', OWNER.accessKeyId, '--secret', OWNER.secretAccessKey];
  const listen = [
    '--port',
    `127.0.0.1:${port}`,
    '--cert',
    tls.crt,
    '--key',
    tls.key,
    '--region',
    REGION,
    '--keep-alive',
    '--quiet',
  ];
  const attributes = manyRules ? ['--sidecar', join(dir, 'attributes')] : [];
  const store = ['posix', ...attributes, '--versioning-dir', join(dir, 'versions'), join(dir, 'data')];
  let running: Server;
  const start = async () => {
    running = startServer('versitygw', program, [...keys, ...listen, '--iam-dir', join(dir, 'iam'), ...store], join(dir, 'log'));
    await until('the S3 server answers', async () => {
      if (running.ended() !== undefined) throw new Hopeless(lastWords(running));
      return (await owner.send(new ListBucketsCommand({}))).Buckets !== undefined;
    });
  };
  await start();
  const opened = (bucket: string): S3Options => ({
    bucket,
    region: REGION,
    endpoint,
    caFile: authority.ca.crt,
    accessKeyFile: join(dir, 'files', 'owner-key'),
    secretKeyFile: join(dir, 'files', 'owner-secret'),
  });
  writeFileSync(join(dir, 'files', 'owner-key'), OWNER.accessKeyId);
  writeFileSync(join(dir, 'files', 'owner-secret'), OWNER.secretAccessKey);
  return {
    port,
    owner,
    opened,
    async bucket({ objectLock = false } = {}) {
      count += 1;
      const Bucket = `bucket-${count}`;
      await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: objectLock }));
      await owner.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
      const kept = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } } as const;
      if (objectLock) await owner.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: kept }));
      return opened(Bucket);
    },
    user() {
      const name = `user-${++count}`;
      const secret = `secret-of-${name}-1234567890`;
      const admin = ['admin', '--allow-insecure', '--access', OWNER.accessKeyId, '--secret', OWNER.secretAccessKey];
      const create = ['create-user', '--access', name, '--secret', secret, '--role', 'user'];
      const at = ['--region', REGION, '--endpoint-url', endpoint];
      execFileSync(program, [...admin, ...at, ...create], { stdio: ['ignore', 'ignore', 'pipe'] });
      return { name, accessKeyFile: file(name), secretKeyFile: file(secret) };
    },
    async allow(bucket, statements) {
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      await owner.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    },
    file,
    folder: () => mkdtempSync(join(dir, 'folder-')),
    async kill() {
      process.kill(running.pid, 'SIGKILL');
      await running.stop();
    },
    start,
    async stop() {
      owner.destroy();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
