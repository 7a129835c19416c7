import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GetObjectCommandOutput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { attemptsOf, isPassing, nameOf, statusOf } from '../../aws-client.ts';
import { diskFault, isCode, lakeError } from '../errors.ts';
import { checkKey } from './object-key.ts';
import type { ObjectInfo, ObjectStore } from './port.ts';
import { openClient, type S3Options } from './s3-client.ts';
import { s3Fault } from './s3-fault.ts';
import { upload } from './s3-upload.ts';

/** Names the writer of an object, so that one who asks twice knows his own work again. */
const WRITER = 'millrace-writer';
/** How often an answer that broke off is asked for again. */
const READS = 4;
/** How often a put that met another is tried. */
const CONFLICTS = 10;

export type S3ObjectStore = ObjectStore & { close(): Promise<void> };

/**
 * A bucket of S3, or of a server that speaks like it and knows conditional writes. Needs no more rights than to list, get
 * and put below the prefixes used, and to delete where `delete` is called.
 * @throws MR_LAKE_STORE_REFUSED, MR_LAKE_STORE_UNREACHABLE from each method; MR_LAKE_OBJECT_KEY for a key that is not one
 */
export async function openS3Objects(options: S3Options): Promise<S3ObjectStore> {
  const client = await openClient(options);
  const { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } = await import(
    '@aws-sdk/client-s3'
  );
  const { bucket } = options;
  const at = (key: string) => ({ Bucket: bucket, Key: checkKey(key) });
  const fault = (error: unknown, key: string) => s3Fault(error, bucket, key);

  /** Who may list only below a prefix is refused what is not there (403, not 404): then the listing tells. */
  async function isAbsent(error: unknown, key: string): Promise<boolean> {
    if (statusOf(error) === 404) return nameOf(error) !== 'NoSuchBucket';
    if (statusOf(error) !== 403) return false;
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
    const found = await client.send(list).catch(() => undefined);
    return found !== undefined && found.Contents?.[0]?.Key !== key;
  }

  /** Reads the object by `take`, from the beginning again where the answer broke off. */
  async function read<T>(key: string, take: (answer: GetObjectCommandOutput) => Promise<T>): Promise<T> {
    const command = new GetObjectCommand(at(key));
    for (let tries = 1; ; tries += 1) {
      try {
        return await take(await client.send(command));
      } catch (error) {
        if (await isAbsent(error, key)) {
          throw lakeError('MR_LAKE_OBJECT_MISSING', `there is no object '${key}' in bucket ${bucket}`, {
            field: 'key',
            value: key,
          });
        }
        // Before the answer began the client has tried as often as it should.
        if (tries >= READS || statusOf(error) !== undefined || attemptsOf(error) > 1 || !isPassing(error))
          throw fault(error, key);
      }
    }
  }

  async function put(key: string, input: Omit<PutObjectCommandInput, 'Bucket' | 'Key'>): Promise<void> {
    try {
      await client.send(new PutObjectCommand({ ...at(key), ...input }));
    } catch (error) {
      throw fault(error, key);
    }
  }

  return {
    get: (key) =>
      read(key, async ({ Body }) => {
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }),
    getFile: (key, path) =>
      read(key, async ({ Body }) => {
        try {
          await pipeline(Body as Readable, createWriteStream(path, { flags: 'wx' }));
        } catch (error) {
          if (!isCode(error, 'EEXIST')) await rm(path, { force: true });
          throw diskFault(error, path);
        }
      }),
    async has(key) {
      try {
        await client.send(new HeadObjectCommand(at(key)));
        return true;
      } catch (error) {
        if (await isAbsent(error, key)) return false;
        throw fault(error, key);
      }
    },
    put: (key, body) => put(key, { Body: body }),
    // The source is used up either way: a caller that failed has nothing to clean.
    async putFile(key, path) {
      try {
        await upload(client, at(key), path);
      } catch (error) {
        throw fault(error, key);
      } finally {
        await rm(path, { force: true });
      }
    },
    async putIfAbsent(key, body) {
      const writer = randomUUID();
      const command = new PutObjectCommand({ ...at(key), Body: body, IfNoneMatch: '*', Metadata: { [WRITER]: writer } });
      for (let tries = 1; ; tries += 1) {
        try {
          await client.send(command);
          return true;
        } catch (error) {
          // Two at the same moment, and S3 has not decided yet: then it says to ask again.
          if (statusOf(error) === 409 && tries < CONFLICTS) {
            await sleep(Math.random() * 50 * tries);
            continue;
          }
          if (statusOf(error) !== 412) throw fault(error, key);
          // The answer to an earlier try may have been lost: then what is there is ours.
          return attemptsOf(error) > 1 && (await writerOf(key)) === writer;
        }
      }
    },
    async delete(key) {
      try {
        await client.send(new DeleteObjectCommand(at(key)));
      } catch (error) {
        if (statusOf(error) !== 404 || nameOf(error) === 'NoSuchBucket') throw fault(error, key);
      }
    },
    async list(prefix) {
      const found: ObjectInfo[] = [];
      let next: string | undefined;
      try {
        do {
          const page = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: next });
          const { Contents = [], NextContinuationToken } = await client.send(page);
          for (const { Key = '', Size = 0, LastModified } of Contents) {
            // A key that ends with a slash is a folder that some browser of buckets made.
            if (!Key.endsWith('/')) found.push({ key: Key, bytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0 });
          }
          next = NextContinuationToken;
        } while (next !== undefined);
      } catch (error) {
        throw fault(error, prefix);
      }
      return found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    },
    close: async () => client.destroy(),
  };

  async function writerOf(key: string): Promise<string | undefined> {
    try {
      return (await client.send(new HeadObjectCommand(at(key)))).Metadata?.[WRITER];
    } catch (error) {
      throw fault(error, key);
    }
  }
}
