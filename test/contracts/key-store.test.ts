import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { keyStoreContract } from './key-store.ts';

keyStoreContract('embedded', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
  const opened: KeyStore[] = [];
  return {
    staleMs: 1,
    async open() {
      const keys = await openEmbeddedKeys(join(dir, 'keys'));
      opened.push(keys);
      return keys;
    },
    async end() {
      for (const keys of opened) await keys.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
