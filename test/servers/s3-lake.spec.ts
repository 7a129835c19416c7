import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openS3Objects } from '../../app/lake/object-store/s3.ts';
import type { S3Options } from '../../app/lake/object-store/s3-client.ts';
import type { Lake } from '../../app/lake/port.ts';
import { everyType, lakeContract } from '../contracts/lake.ts';
import { type S3Server, startS3 } from './versitygw.ts';

let server: S3Server;
before(async () => {
  server = await startS3();
});
after(() => server.stop());

/** Lakes over one bucket, each with a client and a scratch folder of its own, as two pods have. */
async function lakesOn(options: S3Options) {
  const closing: (() => Promise<void>)[] = [];
  const open = async (limits: { readonly copyBytes?: number } = {}) => {
    const objects = await openS3Objects(options);
    const scratchDir = server.folder();
    const lake = await openEmbeddedLake(objects, { scratchDir, clock: systemClock, ...limits });
    closing.push(() => lake.close(), objects.close);
    return Object.assign(lake, { scratchDir });
  };
  const end = async () => {
    for (const close of closing) await close();
  };
  return { open, end };
}

lakeContract('lake on S3', async () => {
  const { open, end } = await lakesOn(await server.bucket());
  return { lake: await open(), open, end };
});
