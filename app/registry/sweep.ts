import { DAY } from '../clock/port.ts';
import type { RegistryPorts } from './act.ts';

/** A trainer writes its files first and registers them last; within this time they may still be on their way. */
const GRACE = DAY;

/**
 * Deletes release folders that no version names and whose newest file is older than a day: what a trainer that died
 * left behind. Resolves to the folders.
 */
export async function sweepReleases({ metadata, objects, clock }: RegistryPorts): Promise<readonly string[]> {
  const folders = new Map<string, { readonly keys: string[]; newest: number }>();
  for (const { key, modifiedAtMs } of await objects.list('releases/')) {
    const folder = key.split('/').slice(0, 3).join('/');
    const found = folders.get(folder) ?? { keys: [], newest: 0 };
    found.keys.push(key);
    found.newest = Math.max(found.newest, modifiedAtMs * 1000);
    folders.set(folder, found);
  }
  // Asked after the listing: a release that was registered meanwhile is seen.
  const named = new Set<string>();
  for (const { manifest } of await metadata.db.selectFrom('versions').select('manifest').execute())
    named.add((JSON.parse(manifest) as { readonly prefix: string }).prefix.replace(/\/+$/, ''));
  const orphans = [...folders].filter(([folder, { newest }]) => !named.has(folder) && newest < clock.now() - GRACE);
  for (const [, { keys }] of orphans) for (const key of keys) await objects.delete(key);
  return orphans.map(([folder]) => folder);
}
