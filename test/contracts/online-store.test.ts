import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { type OnlineStoreUnderTest, onlineStoreContract } from './online-store.ts';

async function openIn(dir: string): Promise<OnlineStoreUnderTest> {
  const store = await openEmbeddedOnline(dir);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  return {
    store,
    another: () => openEmbeddedOnline(dir),
    async reopen() {
      await close();
      return openIn(dir);
    },
    async close() {
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

onlineStoreContract('embedded', async () => openIn(await mkdtemp(join(tmpdir(), 'millrace-online-'))));
