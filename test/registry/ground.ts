import { join } from 'node:path';
import { openEmbeddedMetadata } from '../../app/registry/metadata/embedded.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';

type OpenMetadata = (folder: string) => Promise<Metadata>;

let open: OpenMetadata = (folder) => openEmbeddedMetadata(join(folder, 'metadata.sqlite'));

/** A fresh, empty metadata store for a test, in that folder where it needs one. */
export const openMetadata: OpenMetadata = (folder) => open(folder);

/** Has the tests that are imported after this stand on another store. */
export function standOn(other: OpenMetadata): void {
  open = other;
}
