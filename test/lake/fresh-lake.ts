import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../app/clock/embedded.ts';
import type { Clock } from '../../app/clock/port.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { Lake } from '../../app/lake/port.ts';

/** An empty lake in a temporary folder. `open` opens the same folder once more; `end` closes all and deletes it. */
export async function freshLake(clock: Clock = systemClock) {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-lake-'));
  const opened: Lake[] = [];
  const open = async () => {
    const lake = await openEmbeddedLake(await openEmbeddedObjects(join(dir, 'objects')), {
      scratchDir: join(dir, 'scratch'),
      clock,
    });
    opened.push(lake);
    return lake;
  };
  const lake = await open();
  const end = async () => {
    for (const one of opened) await one.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { dir, lake, open, end };
}
