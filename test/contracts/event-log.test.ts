import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { eventLogContract } from './event-log.ts';

for (const segmentBytes of [undefined, 200]) {
  eventLogContract(segmentBytes === undefined ? 'embedded' : `embedded, a new segment every ${segmentBytes} bytes`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-log-'));
    const open = () => openEmbeddedLog(dir, segmentBytes === undefined ? {} : { segmentBytes });
    let log = await open();
    return {
      log: () => log,
      async reopen() {
        await log.close();
        log = await open();
      },
      async end() {
        await log.close();
        await rm(dir, { recursive: true });
      },
    };
  });
}
