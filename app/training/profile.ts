import type { Micros } from '../clock/port.ts';
import type { FeatureValue } from '../features/value.ts';
import { makeReference, type Sketch } from '../monitoring/sketch.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { trainingError } from './errors.ts';
import type { Interactions } from './interactions.ts';

export const CONFIDENCE = 'prediction.confidence';

/** `profile.json`: how each feature and the model's confidence were distributed at the newest label moments. */
export interface ProfileFile {
  readonly format: 1;
  readonly rows: number;
  /** Label moments from `from` on were sampled. */
  readonly from: Micros;
  readonly until: Micros;
  /** By `view.feature`, and `prediction.confidence`. */
  readonly features: Readonly<Record<string, Sketch>>;
}

/** One label moment: the user, the time just before the click, and the values of that time. */
export interface ProfileRow {
  readonly entity: string;
  readonly at: Micros;
}

/**
 * The newest label moments, sampled as the drift monitor samples predictions: in windows of `window` different users,
 * each user's first moment of a window, so that a busy visitor has one voice there as here. `at` is 1 µs before the
 * click: a recommendation comes before what it leads to.
 */
export const sampleMoments = (
  events: Interactions,
  options: { readonly from: Micros; readonly window: number; readonly rows: number },
): readonly ProfileRow[] =>
  sampleIndexes(events, options).map((e) => ({
    entity: events.users[events.user[e] as number] as string,
    at: (events.at[e] as number) - 1,
  }));

/** The same as indexes of the events. */
export function sampleIndexes(
  events: Pick<Interactions, 'user' | 'at' | 'hit'>,
  options: { readonly from: Micros; readonly window: number; readonly rows: number },
): readonly number[] {
  const { from, rows } = options;
  const users = new Set(events.user.filter((_, e) => (events.at[e] as number) >= from && events.hit[e] === 1));
  // A window that the sampled time cannot fill would give each user one voice in all of it.
  const size = Math.max(1, Math.min(options.window, Math.ceil(users.size / 2)));
  const sample: number[] = [];
  const voiced = new Set<number>();
  for (let e = 0; e < events.at.length; e += 1) {
    const user = events.user[e] as number;
    const time = events.at[e] as number;
    if (time < from || events.hit[e] !== 1 || voiced.has(user)) continue;
    voiced.add(user);
    sample.push(e);
    if (voiced.size >= size) voiced.clear();
  }
  return sample.slice(-rows);
}

/**
 * @param values Per sampled moment, `view.feature` → value.
 * @param confidences Confidence of the model (a classifier's probability) at each moment it could be asked without knowing the future.
 */
export function encodeProfile(
  usecase: Pick<UseCase, 'monitors'>,
  span: { readonly from: Micros; readonly until: Micros },
  values: readonly ReadonlyMap<string, FeatureValue>[],
  confidences: readonly number[],
): Buffer {
  const names = new Set(values.flatMap((row) => [...row.keys()]));
  const features: Record<string, Sketch> = {};
  for (const name of [...names].sort()) features[name] = makeReference(values.map((row) => row.get(name) ?? null));
  features[CONFIDENCE] = makeReference(confidences);
  for (const { feature } of usecase.monitors.drift) {
    if (feature in features) continue;
    throw trainingError('MR_TRAINING_INPUTS', `a monitor watches ${feature}, of which the trainer knows no values`, {
      field: 'monitors.drift',
      value: feature,
      expected: [...Object.keys(features)].join(', '),
    });
  }
  const file: ProfileFile = { format: 1, rows: values.length, ...span, features };
  return Buffer.from(`${JSON.stringify(file)}\n`, 'utf8');
}

/** @throws MR_TRAINING_MODEL_BROKEN where the bytes are no profile */
export function decodeProfile(bytes: Buffer): ProfileFile {
  try {
    const file = JSON.parse(bytes.toString('utf8')) as Partial<ProfileFile> | null;
    if (file?.format === 1 && typeof file.features === 'object') return file as ProfileFile;
  } catch (cause) {
    throw trainingError('MR_TRAINING_MODEL_BROKEN', 'profile.json is not JSON', {
      field: 'profile.json',
      expected: 'JSON',
      cause,
    });
  }
  throw trainingError('MR_TRAINING_MODEL_BROKEN', 'profile.json is no reference profile', {
    field: 'profile.json',
    expected: 'format 1',
  });
}
