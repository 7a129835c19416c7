import type { OnlineStore } from '../features/online-store/port.ts';
import type { KeyStore } from './keys/port.ts';

/**
 * Removes online rows that came back: an event that was already past the door when its subject was erased, or a writer that had not
 * heard of it yet, brings a row after the erasure took it. Run when a process starts and now and then: each erased subject is
 * swept once by each process that heard of it, after which that process writes no such row. Resolves to how many there were.
 */
export function erasedSweeper({
  keys,
  online,
}: {
  readonly keys: KeyStore;
  readonly online: OnlineStore;
}): () => Promise<number> {
  const swept = new Set<string>();
  return async () => {
    let rows = 0;
    for (const pseudonym of await keys.erased()) {
      if (swept.has(pseudonym)) continue;
      rows += await online.erase(pseudonym);
      swept.add(pseudonym);
    }
    return rows;
  };
}
