import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import { metadataContract } from './metadata.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

metadataContract('embedded metadata', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-metadata-'));
  folders.push(folder);
  return { open: () => openEmbeddedMetadata(join(folder, 'metadata.sqlite')) };
});
