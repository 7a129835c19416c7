import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { objectStoreContract } from './object-store.ts';

objectStoreContract('local folder', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-objects-'));
  const open = () => openEmbeddedObjects(dir);
  return { store: await open(), open, end: () => rm(dir, { recursive: true, force: true }) };
});
