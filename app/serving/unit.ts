import type { ReleaseManifest } from '../registry/release.ts';
import type { EmbeddingView, FeatureView } from '../usecases/feature.ts';
import { closeModel, type OpenModel } from './model.ts';

/** A release in memory, ready to answer. */
export type ServingUnit = OpenModel & UnitParts;

interface UnitParts {
  readonly unitId: string;
  readonly version: number;
  readonly manifest: ReleaseManifest;
  /** The windowed views it reads, in the order of the definition; the first gives a prediction its offsets. */
  readonly windowed: readonly FeatureView[];
  /** The embeddings it reads, and their online view, which releases of the same contents share. */
  readonly embeddings: readonly { readonly view: EmbeddingView; readonly online: string }[];
}

/** A unit in use: it stays open until `release`, whatever is swapped meanwhile. */
export interface Held {
  readonly unit: ServingUnit;
  release(): void;
}

export interface UnitSlot {
  /** The unit that answers now, or undefined where none is loaded. */
  hold(): Held | undefined;
  /** The unit of this version, if it answers now or is kept warm. */
  holdVersion(version: number): Held | undefined;
  current(): ServingUnit | undefined;
  /** The unit before, kept warm so that a rollback is instant. */
  former(): ServingUnit | undefined;
  /**
   * Makes `unit` the one that answers: one assignment, so no request sees half of it. The unit two places back is
   * closed once its last request is done, then `onClosed` is called.
   */
  swap(unit: ServingUnit): void;
  /** Takes a unit out: no request gets it any more, those that have it are answered, then it is closed. */
  withdraw(unit: ServingUnit): void;
  /** Resolves when every unit is closed. */
  close(): Promise<void>;
}

interface Entry {
  readonly unit: ServingUnit;
  users: number;
  retired: boolean;
}

/** Holds the unit that answers and the one before it, by reference counts. */
export function unitSlot(onClosed: (unit: ServingUnit) => void = () => undefined): UnitSlot {
  let current: Entry | undefined;
  let former: Entry | undefined;
  const closings = new Set<Promise<void>>();
  let idle: (() => void)[] = [];
  const retiring = new Set<Entry>();

  function closeWhenFree(entry: Entry): void {
    if (!entry.retired || entry.users > 0 || !retiring.delete(entry)) return;
    const closing = closeModel(entry.unit).then(() => onClosed(entry.unit));
    closings.add(closing);
    void closing
      .catch(() => undefined)
      .then(() => {
        closings.delete(closing);
        const waiting = idle;
        idle = [];
        for (const wake of waiting) wake();
      });
  }

  function retire(entry: Entry | undefined): void {
    if (entry === undefined) return;
    entry.retired = true;
    retiring.add(entry);
    closeWhenFree(entry);
  }

  function held(entry: Entry | undefined): Held | undefined {
    if (entry === undefined) return undefined;
    entry.users += 1;
    let released = false;
    return {
      unit: entry.unit,
      release() {
        if (released) return;
        released = true;
        entry.users -= 1;
        closeWhenFree(entry);
      },
    };
  }

  return {
    hold: () => held(current),
    holdVersion: (version) => held([current, former].find((entry) => entry?.unit.version === version)),
    current: () => current?.unit,
    former: () => former?.unit,
    swap(unit) {
      if (current?.unit === unit) return;
      const next = former?.unit === unit ? former : { unit, users: 0, retired: false };
      const gone = former === next ? undefined : former;
      former = current;
      current = next;
      retire(gone);
    },
    withdraw(unit) {
      const [gone] = [current, former].filter((entry) => entry?.unit === unit);
      if (gone === current) current = undefined;
      if (gone === former) former = undefined;
      retire(gone);
    },
    async close() {
      retire(current);
      retire(former);
      current = undefined;
      former = undefined;
      while (retiring.size > 0 || closings.size > 0) await new Promise<void>((wake) => idle.push(wake));
    },
  };
}
