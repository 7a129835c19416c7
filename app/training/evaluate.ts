import type { Micros } from '../clock/port.ts';
import type { Evaluation, Interval } from '../registry/release.ts';
import { bootstrap, meanInterval } from './bootstrap.ts';
import { coverage, LIST_LENGTH, ndcg, recall } from './metrics.ts';
import type { ModelInputs } from './query.ts';
import type { Ranker } from './recommender.ts';

/** One user at one moment: what the model would read then, and what the user turned to afterwards. */
export interface Moment {
  readonly entity: string;
  readonly at: Micros;
  readonly segment: string;
  /** `view.feature` → value as of the moment, without the embedding. */
  readonly inputs: ModelInputs;
  /** Items the user went on to, without those that the seen filter holds back. Never empty. */
  readonly relevant: ReadonlySet<string>;
}

/** Learnt vectors of one model: where its `input` goes and what an entity's is; null where it has none. */
export interface Tastes {
  readonly input: string;
  of(entity: string): Float32Array | null;
}

/** One entry per moment, in the order of the moments: two models judged on the same moments can be compared user by user. */
export interface UserMetrics {
  readonly entities: readonly string[];
  readonly segments: readonly string[];
  readonly recallAt20: Float64Array;
  readonly ndcgAt20: Float64Array;
  readonly lists: readonly (readonly string[])[];
  readonly catalogueSize: number;
}

/** Judges a model as it is served: one list per moment from the features of that moment and the entity's learnt vector. */
export async function evaluate(ranker: Ranker, moments: readonly Moment[], tastes?: Tastes): Promise<UserMetrics> {
  const recallAt20 = new Float64Array(moments.length);
  const ndcgAt20 = new Float64Array(moments.length);
  const lists: (readonly string[])[] = [];
  for (const [index, { entity, inputs, relevant }] of moments.entries()) {
    const all = tastes === undefined ? inputs : new Map([...inputs, [tastes.input, tastes.of(entity)]]);
    const { items } = await ranker.recommend(all, LIST_LENGTH);
    lists.push(items);
    recallAt20[index] = recall(items, relevant);
    ndcgAt20[index] = ndcg(items, relevant);
  }
  const entities = moments.map(({ entity }) => entity);
  const segments = moments.map(({ segment }) => segment);
  return { entities, segments, recallAt20, ndcgAt20, lists, catalogueSize: ranker.catalogueSize };
}

/** Means with 95 % bootstrap intervals over users, for all and for each of the named segments. */
export function summarise(result: UserMetrics, segments: readonly string[], seed: number): Evaluation {
  const everyone = result.entities.map((_, index) => index);
  const part = (indexes: readonly number[]) => ({ users: indexes.length, metrics: intervals(result, indexes, seed) });
  const inSegment = (name: string) => everyone.filter((index) => result.segments[index] === name);
  return { ...part(everyone), segments: Object.fromEntries(segments.map((name) => [name, part(inSegment(name))])) };
}

function intervals(result: UserMetrics, indexes: readonly number[], seed: number): Record<string, Interval> {
  const of = (values: Float64Array) => indexes.map((index) => values[index] as number);
  return {
    recallAt20: meanInterval(of(result.recallAt20), { seed }),
    ndcgAt20: meanInterval(of(result.ndcgAt20), { seed }),
    coverage: coverageInterval(
      indexes.map((index) => result.lists[index] ?? []),
      result.catalogueSize,
      seed,
    ),
  };
}

/**
 * A resample holds fewer distinct users, so its lists cover less: the percentile interval lies too low. It is moved by
 * the difference between the value and the mean resample.
 */
function coverageInterval(lists: readonly (readonly string[])[], catalogueSize: number, seed: number): Interval {
  const number = new Map<string, number>();
  const numbered = lists.map((list) =>
    Int32Array.from(list, (item) => {
      const known = number.get(item) ?? number.size;
      number.set(item, known);
      return known;
    }),
  );
  const shownIn = new Int32Array(number.size).fill(-1);
  let [round, sum] = [0, 0];
  const statistic = (indexes: Int32Array) => {
    round += 1;
    let shown = 0;
    for (const index of indexes) {
      for (const item of numbered[index] as Int32Array) {
        if (shownIn[item] === round) continue;
        shownIn[item] = round;
        shown += 1;
      }
    }
    sum += shown / Math.max(1, catalogueSize);
    return shown / Math.max(1, catalogueSize);
  };
  const resamples = 500;
  const raw = bootstrap(lists.length, statistic, { seed, resamples });
  const value = coverage(lists, catalogueSize);
  const shift = lists.length === 0 ? 0 : value - (sum - value) / resamples;
  return { value, low: Math.max(0, Math.min(value, raw.low + shift)), high: Math.min(1, Math.max(value, raw.high + shift)) };
}
