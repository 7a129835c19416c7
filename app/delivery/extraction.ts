import type { FeatureValue } from '../features/value.ts';
import { evaluate, type Moment, type Tastes } from '../training/evaluate.ts';
import type { InputRoles } from '../training/inputs.ts';
import { seededRandom, shuffled } from '../training/random.ts';
import type { Ranker } from '../training/recommender.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { atMost, type Check, rounded } from './check.ts';

/** Lists of real users that the copy is held against, and the length to which they must agree. */
const LISTS = 300;
const TOP = 10;
/** Damps the lead of the first places when lists are added up (Cormack, Clarke and Büttcher, SIGIR 2009). */
const DAMPING = 10;

/**
 * Model extraction through the public route (Tramèr et al., "Stealing machine learning models via prediction APIs", USENIX
 * Security 2016), by one client with as many questions as the gate counts on. It opens accounts with a history of its choice,
 * one item each while there are items it has not tried, and learns from the lists alone which items go together. What is
 * measured is the part of the served lists that this copy foresees, beyond what the list for a stranger tells anyone.
 */
export async function checkExtraction(
  { gate, model, serving }: RecommenderUseCase,
  shipped: Ranker,
  itemIds: readonly string[],
  roles: InputRoles,
  moments: readonly Moment[],
  tastes: Tastes,
): Promise<Check> {
  const { queries, maxCopied } = gate.adversarial;
  const ask = async (history: readonly string[], k: number) => {
    const inputs: [string, FeatureValue][] = [
      [roles.recent, history],
      [roles.activity, history.length],
    ];
    return (await shipped.recommend(new Map(inputs), k)).items;
  };
  const beside = await neighbours(probes(itemIds, queries, seededRandom(model.seed)), (history) => ask(history, serving.k.max));
  const stranger = await ask([], serving.k.max);
  const some = moments.slice(0, LISTS);
  const { lists } = await evaluate(shipped, some, tastes);
  const overlap = (guess: (recent: readonly string[]) => readonly string[]) =>
    some.reduce((sum, { inputs }, index) => {
      const served = (lists[index] ?? []).slice(0, TOP);
      const recent = inputs.get(roles.recent);
      const guessed = new Set(guess(Array.isArray(recent) ? (recent as readonly string[]) : []));
      return sum + served.filter((item) => guessed.has(item)).length / Math.max(1, served.length);
    }, 0) / Math.max(1, some.length);
  const known = overlap((recent) => stranger.filter((item) => !recent.includes(item)).slice(0, TOP));
  const agreed = overlap((recent) => copied(recent, beside, stranger));
  // Where a stranger's list says it all, nothing is left to copy.
  const share = known >= 1 ? 0 : Math.max(0, (agreed - known) / (1 - known));
  const what = `share of the lists that a copy made of ${queries} answers foresees beyond a stranger's list (top ${TOP}: ${rounded(agreed)}, stranger's ${rounded(known)}):`;
  return atMost('extraction', share, maxCopied, what);
}

/** Histories of one item, each item once; then of two. */
function probes(itemIds: readonly string[], queries: number, random: () => number): readonly (readonly string[])[] {
  const singles = shuffled(itemIds, random).map((item) => [item]);
  const any = () => itemIds[Math.floor(random() * itemIds.length)] as string;
  const pairs = Array.from({ length: Math.max(0, queries - singles.length) }, () => [any(), any()]);
  return [...singles, ...pairs].slice(0, queries);
}

type Beside = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** How strongly the answers speak for an item once another was in the history. */
async function neighbours(
  histories: readonly (readonly string[])[],
  ask: (history: readonly string[]) => Promise<readonly string[]>,
): Promise<Beside> {
  const beside = new Map<string, Map<string, number>>();
  for (const history of histories) {
    const answer = await ask(history);
    for (const item of history) {
      const scores = beside.get(item) ?? new Map<string, number>();
      beside.set(item, scores);
      answer.forEach((other, place) => {
        scores.set(other, (scores.get(other) ?? 0) + 1 / (DAMPING + place) / history.length);
      });
    }
  }
  return beside;
}

/** The copy's list for a history: what goes with its items, then what a stranger gets. */
function copied(recent: readonly string[], beside: Beside, stranger: readonly string[]): readonly string[] {
  const seen = new Set(recent);
  const scores = new Map<string, number>();
  for (const item of recent)
    for (const [other, score] of beside.get(item) ?? [])
      if (!seen.has(other)) scores.set(other, (scores.get(other) ?? 0) + score);
  const best = [...scores].sort(([, a], [, b]) => b - a).map(([item]) => item);
  return [...new Set([...best, ...stranger.filter((item) => !seen.has(item))])].slice(0, TOP);
}
