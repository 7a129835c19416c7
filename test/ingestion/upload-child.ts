import { join } from 'node:path';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import { upload } from '../../app/ingestion/upload.ts';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import { clock, retail, silent } from './ground.ts';

/** Uploads a file and dies after the fourth batch is in the log, before its progress is saved. */
const [dir = '', path = ''] = process.argv.slice(2);
const log = await openEmbeddedLog(join(dir, 'log'));
const keys = await openEmbeddedKeys(join(dir, 'keys'));
const metadata = await openEmbeddedMetadata(join(dir, 'metadata.sqlite'));
const intake = await openIntake({ usecase: retail, log, keys, clock, logger: silent, dedupeDir: join(dir, 'dedupe') });
await upload({
  usecase: retail,
  event: 'click',
  path,
  intake,
  metadata,
  clock,
  logger: silent,
  batch: 100,
  onProgress: (rows) => {
    if (rows === 300) process.env.MILLRACE_CRASH_AT = 'ingestion.upload.after-batch';
  },
});
