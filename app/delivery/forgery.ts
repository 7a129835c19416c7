import type { Micros } from '../clock/port.ts';
import { HOUR } from '../clock/port.ts';
import { evaluate, type Moment, type UserMetrics } from '../training/evaluate.ts';
import type { Fitted } from '../training/fit.ts';
import { countBefore, type Interaction, type Interactions, interactions, type Matrix } from '../training/interactions.ts';
import { LIST_LENGTH } from '../training/metrics.ts';
import { seededRandom, shuffled } from '../training/random.ts';
import { plainRanker } from '../training/recommender.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';
import { atMost, type Check } from './check.ts';

/** A forged account views the pushed item together with this many popular ones, in this many sessions. */
const COMPANIONS = 5;
const SESSIONS = 3;
/** Companions are drawn from the items that most users touched. */
const POPULAR = 20;

export interface Forgery {
  readonly events: Interactions;
  /** One pushed item a campaign. */
  readonly targets: readonly string[];
  readonly forgedUsers: number;
}

/**
 * Adds co-visitation campaigns to the events before `origin` (Yang, Gong and Cai, "Fake co-visitation injection attacks
 * to recommender systems", NDSS 2017): in each, `forgedShare` of the users are forged, and view an item of the less
 * popular half beside popular ones. All campaigns run at once, each with accounts of its own.
 */
export function forge(usecase: RecommenderUseCase, events: Interactions, honest: Matrix, origin: Micros): Forgery {
  const { forgedShare, campaigns } = usecase.gate.adversarial;
  const random = seededRandom(usecase.model.seed);
  const half = honest.itemIds.slice(Math.floor(honest.itemIds.length / 2));
  const targets = shuffled(half, random).slice(0, campaigns);
  const popular = honest.itemIds.slice(0, POPULAR);
  const perCampaign = Math.max(1, Math.ceil(honest.userIds.length * forgedShare));
  // What an account can do without paying: the lightest kind of event.
  const weight = Math.min(...Object.values(usecase.model.label.weights));
  const forged: Interaction[] = [];
  for (const [campaign, target] of targets.entries()) {
    for (let account = 0; account < perCampaign; account += 1) {
      const user = `forged ${campaign}.${account}`;
      for (let session = 0; session < SESSIONS; session += 1) {
        const at = origin - 1 - Math.floor(random() * 24 * HOUR);
        for (const item of [target, ...shuffled(popular, random).slice(0, COMPANIONS)])
          forged.push({ user, item, weight, at, hit: true });
      }
    }
  }
  return {
    events: interactions([...rowsBefore(events, origin), ...forged]),
    targets,
    forgedUsers: perCampaign * targets.length,
  };
}

function rowsBefore(events: Interactions, origin: Micros): readonly Interaction[] {
  return Array.from({ length: countBefore(events, origin) }, (_, e) => ({
    user: events.users[events.user[e] as number] as string,
    item: events.items[events.item[e] as number] as string,
    weight: events.weight[e] as number,
    at: events.at[e] as number,
    hit: events.hit[e] === 1,
  }));
}

/**
 * How much the campaigns raise their items' share of real users' lists. An item that was in hardly any list is
 * compared with the share that chance would give it, list length / catalogue: a rise from nothing has no ratio.
 */
export async function checkForgery(
  usecase: RecommenderUseCase,
  honest: UserMetrics,
  forged: Fitted,
  { targets, forgedUsers }: Forgery,
  moments: readonly Moment[],
): Promise<Check> {
  const pushed = await evaluate(plainRanker(forged.model), moments, forged.tastes);
  const least = Math.min(1, LIST_LENGTH / Math.max(1, honest.catalogueSize));
  const lifts = targets.map((target) => share(pushed, target) / Math.max(share(honest, target), least));
  const what = `largest rise of a pushed item's exposure, ${forgedUsers} forged users, ${targets.length} campaigns, least share ${least.toPrecision(2)}:`;
  return atMost('adversarial', Math.max(0, ...lifts), usecase.gate.adversarial.maxLift, what);
}

/** Share of the lists that hold the item. */
const share = ({ lists }: UserMetrics, item: string) =>
  lists.filter((list) => list.includes(item)).length / Math.max(1, lists.length);
