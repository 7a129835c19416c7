import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DAY } from '../app/clock/port.ts';
import { MillraceError } from '../app/errors.ts';
import { type RegistrySnapshot, readSnapshot, type UnitSnapshot, unitOf } from '../app/registry/snapshot.ts';
import type { PolicySettings } from './settings.ts';

/** The registry's signed snapshot, or why it cannot be trusted. */
export type RegistryState = { readonly snapshot: RegistrySnapshot } | { readonly fault: string };

/** Reads the snapshot that the settings name. Whatever is wrong with it is an answer, so that rules refuse with the reason. */
export function readRegistry(registry: PolicySettings['registry'], now: Date, root: string): RegistryState | undefined {
  if (registry === 'none') return undefined;
  const file = (path: string, what: string): Buffer => {
    try {
      return readFileSync(resolve(root, path));
    } catch {
      throw new SnapshotMissing(`the ${what} ${path} cannot be read`);
    }
  };
  try {
    const bytes = file(registry.snapshot, 'snapshot');
    const verifyKey = file(registry.verifyKey, 'verify key').toString('utf8');
    const maxAge = registry.maxAgeDays * DAY;
    return { snapshot: readSnapshot(bytes, { digest: registry.digest, verifyKey, now: now.getTime() * 1000, maxAge }) };
  } catch (error) {
    if (error instanceof SnapshotMissing) return { fault: error.message };
    if (!(error instanceof MillraceError)) throw error;
    const { code, message, field, value, expected, kind } = error;
    return { fault: `${code}: ${message}: ${field} is ${JSON.stringify(value)}, expected ${expected}. ${kind.next}` };
  }
}

class SnapshotMissing extends Error {}

/** The unit of that id, or why nothing is known of it. */
export function knownUnit(state: RegistryState | undefined, unitId: string): UnitSnapshot | string {
  if (state === undefined) return 'the stack names no snapshot of the registry';
  if ('fault' in state) return state.fault;
  return (
    unitOf(state.snapshot, unitId) ?? `the snapshot of ${new Date(state.snapshot.at / 1000).toISOString()} knows no such unit`
  );
}
