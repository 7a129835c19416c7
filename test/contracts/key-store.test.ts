import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import { keyStoreContract } from './key-store.ts';

keyStoreContract('embedded', () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
  const opened: KeyStore[] = [];
  return {
    open() {
      const keys = openEmbeddedKeys(join(dir, 'keys'));
      opened.push(keys);
      return keys;
    },
    end() {
      for (const keys of opened) keys.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
