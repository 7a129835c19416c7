import type { Micros } from '../clock/port.ts';
import type { OnlineStore } from '../features/online-store/port.ts';
import { readOnline } from '../features/serve-features.ts';
import { emptyState, evaluate } from '../features/state.ts';
import type { FeatureValue } from '../features/value.ts';
import { decodeVector } from '../features/vector.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { openVector } from '../governance/seal.ts';
import { traced } from '../monitoring/tracing/span.ts';
import type { LoggedValue } from './prediction.ts';
import type { ServingUnit } from './unit.ts';

/** Why the model could not be asked. */
export type Unanswerable = 'unknown-user' | 'no-features' | 'store-failed' | 'store-slow';

/** What the model reads about one user at one moment. */
export interface RequestFeatures {
  /** Null for a stranger. */
  readonly pseudonym: string | null;
  /** `view.feature` → value, of every view the unit knows; embeddings too. */
  readonly inputs: ReadonlyMap<string, FeatureValue>;
  readonly partition: number | null;
  readonly nextOffset: number | null;
  /** Offsets of further windowed views, by view. */
  readonly otherOffsets: Readonly<Record<string, number>>;
  /** Newest event in the rows, microseconds; null where there is none. */
  readonly newest: Micros | null;
  /** The unit reads an embedding and has none of this user. */
  readonly coldStart: boolean;
}

export type Gathered =
  | { readonly features: RequestFeatures }
  | { readonly unanswerable: Unanswerable; readonly pseudonym: string | null; readonly cause?: unknown };

export interface FeatureSources {
  readonly online: OnlineStore;
  readonly keys: KeyStore;
}

const TOO_SLOW = Symbol('too slow');

/** The promise's value, or the symbol after `ms`. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof TOO_SLOW> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof TOO_SLOW>((resolve) => {
    timer = setTimeout(resolve, ms, TOO_SLOW);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Reads what the unit needs of the user from the online store, within `timeoutMs`. Never throws. */
export const gatherFeatures = (...asked: Parameters<typeof gather>): Promise<Gathered> =>
  traced('features', {}, () => gather(...asked));

async function gather(
  sources: FeatureSources,
  unit: ServingUnit,
  user: string,
  at: Micros,
  timeoutMs: number,
): Promise<Gathered> {
  let pseudonym: string | null = null;
  try {
    const reading = readStores(sources, unit, user, at, (known) => {
      pseudonym = known;
    });
    const read = await within(timeoutMs, reading);
    if (read === TOO_SLOW) {
      reading.catch(() => undefined);
      return { unanswerable: 'store-slow', pseudonym };
    }
    if (read === undefined) return { unanswerable: 'unknown-user', pseudonym };
    const { subject, rows, vectors } = read;
    const inputs = new Map<string, FeatureValue>();
    unit.windowed.forEach((view, index) => {
      const values = rows[index]?.values ?? evaluate(view, emptyState(view), at);
      for (const [feature, value] of Object.entries(values)) inputs.set(`${view.name}.${feature}`, value);
    });
    unit.embeddings.forEach(({ view }, index) => {
      const sealed = vectors[index];
      inputs.set(`${view.name}.${view.feature}`, sealed === undefined ? null : decodeVector(openVector(subject, sealed)));
    });
    const coldStart = unit.embeddings.length > 0 && vectors.every((vector) => vector === undefined);
    if (coldStart && !hasHistory(unit, inputs)) return { unanswerable: 'no-features', pseudonym };
    return { features: { pseudonym: subject.pseudonym, inputs, ...positions(unit, rows), newest: newestOf(rows), coldStart } };
  } catch (cause) {
    return { unanswerable: 'store-failed', pseudonym, cause };
  }
}

/** What the unit reads of somebody the platform has never met: the values of no events. */
export function strangerFeatures(unit: ServingUnit, at: Micros): RequestFeatures {
  const inputs = new Map(
    unit.windowed.flatMap((view) =>
      Object.entries(evaluate(view, emptyState(view), at)).map(([feature, value]) => [`${view.name}.${feature}`, value] as const),
    ),
  );
  return { pseudonym: null, inputs, partition: null, nextOffset: null, otherOffsets: {}, newest: null, coldStart: false };
}

/** Who the user is, then all that the unit reads of them; undefined for somebody whom the platform does not know. */
async function readStores(
  { online, keys }: FeatureSources,
  unit: ServingUnit,
  user: string,
  at: Micros,
  onKnown: (pseudonym: string) => void,
) {
  const subject = await keys.known(user);
  if (subject === undefined) return undefined;
  const { pseudonym: entity } = subject;
  onKnown(entity);
  const [rows, vectors] = await Promise.all([
    Promise.all(unit.windowed.map((view) => readOnline({ online, view, entity, t: at }))),
    Promise.all(unit.embeddings.map(({ online: name }) => online.get(name, entity))),
  ]);
  return { subject, rows, vectors };
}

/** A list input with something in it: recent items, by which the model can place a user it has no vector of. */
function hasHistory(unit: ServingUnit, inputs: ReadonlyMap<string, FeatureValue>): boolean {
  return unit.manifest.inputs.some((name) => {
    const value = inputs.get(name);
    return Array.isArray(value) && value.length > 0;
  });
}

type OnlineRow = Awaited<ReturnType<typeof readOnline>>;

function positions(
  unit: ServingUnit,
  rows: readonly OnlineRow[],
): Pick<RequestFeatures, 'partition' | 'nextOffset' | 'otherOffsets'> {
  const [first, ...others] = rows;
  const otherOffsets = others.flatMap((row, index) =>
    row === undefined ? [] : [[unit.windowed[index + 1]?.name ?? '', row.nextOffset]],
  );
  return {
    partition: first?.partition ?? null,
    nextOffset: first?.nextOffset ?? null,
    otherOffsets: Object.fromEntries(otherOffsets),
  };
}

function newestOf(rows: readonly OnlineRow[]): Micros | null {
  const times = rows.flatMap((row) => (row?.newest === undefined ? [] : [row.newest]));
  return times.length === 0 ? null : Math.max(...times);
}

/** Windowed values as the log holds them; embeddings stay out. */
export function loggedValues(features: RequestFeatures | undefined): Readonly<Record<string, LoggedValue>> {
  const values = [...(features?.inputs ?? [])].filter(
    (entry): entry is [string, LoggedValue] => !(entry[1] instanceof Float32Array),
  );
  return {
    ...Object.fromEntries(values),
    ...Object.fromEntries(
      Object.entries(features?.otherOffsets ?? {}).map(([view, offset]) => [`request.offset.${view}`, offset]),
    ),
  };
}
