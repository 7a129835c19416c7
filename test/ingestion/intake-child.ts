import { join } from 'node:path';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import { clock, retail, silent, wire } from './ground.ts';

/** Takes thirty events in, and dies where its environment says. */
const [dir = ''] = process.argv.slice(2);
const log = await openEmbeddedLog(join(dir, 'log'));
const keys = await openEmbeddedKeys(join(dir, 'keys'));
const intake = await openIntake({ usecase: retail, log, keys, clock, logger: silent, dedupeDir: join(dir, 'dedupe') });
await intake.accept(
  'click',
  Array.from({ length: 30 }, (_, n) => wire(n)),
  'child',
);
