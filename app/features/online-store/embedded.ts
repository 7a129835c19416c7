import { mkdirSync } from 'node:fs';
import { open } from 'lmdb';
import { featureError } from '../errors.ts';
import { checkKey } from './key.ts';
import type { OnlineBatch, OnlineStore } from './port.ts';

const END = Buffer.from([0]);

/**
 * Online store in one LMDB file: readers never wait, one writer at a time, and several processes may hold the folder
 * open. Keys are `view 0x00 entity`, so a view is one range; the few views are listed, so erasing an entity is one
 * delete in each. A write resolves once it is visible to every process and survives the death of this one.
 */
export async function openEmbeddedOnline(dir: string): Promise<OnlineStore> {
  mkdirSync(dir, { recursive: true });
  const root = open({ path: dir, maxDbs: 4 });
  const rows = root.openDB<Buffer, Buffer>({ name: 'rows', encoding: 'binary', keyEncoding: 'binary' });
  const views = root.openDB<boolean, string>({ name: 'views', encoding: 'json' });
  const offsets = root.openDB<[number, number][], string>({ name: 'offsets', encoding: 'json' });

  /** Offsets that this process read or wrote last, by consumer. */
  const known = new Map<string, ReadonlyMap<number, number>>();
  const held = (consumer: string) => new Map(offsets.get(consumer) ?? []);

  const get = (view: string, entity: string): Buffer | undefined => rows.getBinary(keyOf(view, entity));
  const keysOf = (view: string) => ({
    start: Buffer.concat([Buffer.from(view), END]),
    end: Buffer.concat([Buffer.from(view), Buffer.from([1])]),
  });

  return {
    get: async (view, entity) => get(view, entity),
    getMany: async (view, entities) => entities.map((entity) => get(view, entity)),
    async write(batch: OnlineBatch) {
      // Keys first: a bad one must not leave half a transaction.
      const puts = batch.rows.map(({ view, entity, row }) => ({ view, key: keyOf(view, entity), row }));
      await root.transaction(() => {
        if (batch.offsets !== undefined)
          checkOffsets(batch.offsets, held(batch.offsets.consumer), known.get(batch.offsets.consumer));
        for (const view of new Set(puts.map(({ view }) => view))) if (!views.doesExist(view)) views.put(view, true);
        for (const { key, row } of puts) rows.put(key, row);
        if (batch.offsets === undefined) return;
        const { consumer, next } = batch.offsets;
        offsets.put(consumer, [...new Map([...held(consumer), ...next])]);
      });
      if (batch.offsets === undefined) return;
      const { consumer, next } = batch.offsets;
      known.set(consumer, new Map([...(known.get(consumer) ?? []), ...next]));
    },
    async offsets(consumer) {
      const found = held(consumer);
      known.set(consumer, found);
      return new Map(found);
    },
    async erase(entity) {
      return root.transaction(() => {
        let erased = 0;
        for (const view of views.getKeys()) {
          const key = keyOf(view, entity);
          if (!rows.doesExist(key)) continue;
          rows.remove(key);
          erased++;
        }
        return erased;
      });
    },
    async drop(view) {
      await root.transaction(() => {
        for (const key of [...rows.getKeys(keysOf(view))]) rows.remove(key);
        views.remove(view);
      });
    },
    count: async (view) => rows.getKeysCount(keysOf(view)),
    close: () => root.close(),
  };
}

function keyOf(view: string, entity: string): Buffer {
  checkKey(view, entity);
  return Buffer.concat([Buffer.from(view), END, Buffer.from(entity)]);
}

/** @throws MR_FEATURES_OFFSETS_MOVED */
function checkOffsets(
  { consumer, next }: NonNullable<OnlineBatch['offsets']>,
  held: ReadonlyMap<number, number>,
  known: ReadonlyMap<number, number> | undefined,
): void {
  if (known === undefined) return;
  for (const [partition, offset] of next) {
    const [at, was] = [held.get(partition) ?? 0, known.get(partition) ?? 0];
    if (at === was || at === offset) continue;
    throw featureError('MR_FEATURES_OFFSETS_MOVED', `${consumer}: partition ${partition} is at ${at}, and was at ${was}`, {
      field: 'partition',
      value: partition,
      expected: String(was),
    });
  }
}
