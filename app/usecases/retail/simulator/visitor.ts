import { DAY, type Micros } from '../../../clock/port.ts';
import { cumulate, draw, type Random, randomOf } from '../../random.ts';
import { STYLES } from './words.ts';
import type { World } from './world.ts';

/** Who stands in one of the world's visitor places at a moment, and what they like. */
export interface Visitor {
  readonly id: string;
  /** From the documentation ranges (RFC 5737, RFC 3849); null behind a proxy that hides it. */
  readonly address: string | null;
  /** Running sums of the visitor's liking for each category and each style. */
  readonly categories: Float64Array;
  readonly styles: Float64Array;
}

const VISITOR = 3;
const TENURE = 4;
/** Share of places whose visitor changes, and for how long one stays: newcomers arrive all the time, at no special date. */
const CHANGING_SHARE = 0.4;
const TENURE_DAYS = 45;
/** Liking for the first, second and third favourite; the remainder goes to all by their popularity. */
const FAVOURITES = [0.45, 0.27, 0.18];
const STYLE_SHARES = [0.68, 0.22, 0.06, 0.04];
const NETWORKS = ['192.0.2.', '198.51.100.', '203.0.113.'];

/** The visitor of a place at a moment: a function of the world's seed, the place and the moment alone. */
export function visitorAt(world: World, place: number, at: Micros): Visitor {
  const generation = generationAt(world, place, at);
  const random = randomOf(world.seed, VISITOR, place, generation);
  const number = String(place + 1).padStart(4, '0');
  return {
    id: generation === 0 ? `user-${number}` : `user-${number}-${generation}`,
    address: addressOf(random),
    categories: cumulate(categoryTaste(world, random)),
    styles: cumulate(styleTaste(random)),
  };
}

/** 0 for a visitor who stays; else the number of the tenure, which changes every 45 days at a phase of the place's own. */
function generationAt(world: World, place: number, at: Micros): number {
  const random = randomOf(world.seed, TENURE, place);
  if (random.unit() >= CHANGING_SHARE) return 0;
  return 1 + Math.floor(at / (TENURE_DAYS * DAY) + random.unit());
}

function categoryTaste(world: World, random: Random): readonly number[] {
  const popularity = world.categoryPopularity;
  const rest = 1 - FAVOURITES.reduce((sum, share) => sum + share, 0);
  const total = popularity.at(-1) ?? 1;
  const taste = Array.from(popularity, (sum, category) => (rest * (sum - (popularity[category - 1] ?? 0))) / total);
  for (const share of FAVOURITES) {
    const favourite = draw(random, popularity);
    taste[favourite] = (taste[favourite] ?? 0) + share;
  }
  return taste;
}

function styleTaste(random: Random): readonly number[] {
  const order = STYLES.map((_, style) => ({ style, key: random.unit() })).sort((a, b) => a.key - b.key);
  const taste = new Array<number>(STYLES.length).fill(0);
  for (const [rank, { style }] of order.entries()) taste[style] = STYLE_SHARES[rank] ?? 0;
  return taste;
}

function addressOf(random: Random): string | null {
  const kind = random.unit();
  if (kind < 0.03) return null;
  if (kind < 0.25) return `2001:db8:${random.below(0xffff).toString(16)}::${(1 + random.below(0xfffe)).toString(16)}`;
  return `${NETWORKS[random.below(NETWORKS.length)]}${1 + random.below(254)}`;
}
