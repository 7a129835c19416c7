import { DAY } from '../clock/port.ts';
import type { RegistryPorts } from './act.ts';

/** A trainer writes its files first and registers them last; within this time they may still be on their way. */
export const SWEEP_GRACE = DAY;

/**
 * Deletes release folders of a model that no version names and whose newest file is older than a day: what a trainer that died
 * left behind. Resolves to the folders.
 */
export async function sweepReleases(
  { metadata, objects, clock }: Pick<RegistryPorts, 'metadata' | 'objects' | 'clock'>,
  model: string,
): Promise<readonly string[]> {
  const folders = new Map<string, { readonly keys: string[]; newest: number }>();
  for (const { key, modifiedAtMs } of await objects.list(`releases/${model}/`)) {
    const folder = key.split('/').slice(0, 3).join('/');
    const found = folders.get(folder) ?? { keys: [], newest: 0 };
    found.keys.push(key);
    found.newest = Math.max(found.newest, modifiedAtMs * 1000);
    folders.set(folder, found);
  }
  // Asked after the listing: a release that was registered meanwhile is seen.
  const named = new Set<string>();
  const versions = await metadata.db.selectFrom('versions').select('manifest').where('model', '=', model).execute();
  for (const { manifest } of versions)
    named.add((JSON.parse(manifest) as { readonly prefix: string }).prefix.replace(/\/+$/, ''));
  const orphans = [...folders].filter(([folder, { newest }]) => !named.has(folder) && newest < clock.now() - SWEEP_GRACE);
  for (const [, { keys }] of orphans) for (const key of keys) await objects.delete(key);
  return orphans.map(([folder]) => folder);
}
