import { type Micros, SECOND } from '../../../clock/port.ts';
import { formatTimestamp } from '../../../clock/timestamp.ts';
import { between, draw, geometric, type Random, randomOf } from '../../random.ts';
import { type Visitor, visitorAt } from './visitor.ts';
import { STYLES } from './words.ts';
import { drawItem, type Item, type World } from './world.ts';

export type Season = 'usual' | 'shifted';

/** One visit: its id, and when it starts. What happens in it follows from the world's seed and `(bucket, number)`. */
export interface Visit {
  readonly bucket: number;
  readonly number: number;
  readonly start: Micros;
}

export interface SimulatedClick {
  readonly event_id: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly item_id: string;
  readonly kind: 'view' | 'basket' | 'purchase';
  readonly price: number | null;
  readonly address: string | null;
  /** RFC 3339. */
  readonly event_time: string;
}

export interface TimedClick {
  readonly at: Micros;
  readonly click: SimulatedClick;
}

interface SeasonShape {
  /** Mean number of views after the first two, and the most of all. */
  readonly views: number;
  readonly maxViews: number;
  /** Factor on every price. */
  readonly prices: number;
  /** Share of visits that come for the season's category. */
  readonly pull: number;
}

const SHAPE: Readonly<Record<Season, SeasonShape>> = {
  usual: { views: 4, maxViews: 40, prices: 1, pull: 0 },
  shifted: { views: 11, maxViews: 60, prices: 1.8, pull: 0.6 },
};

/** Seconds between two views, and between a view and its basket. */
const VIEW_GAP = [20, 90] as const;
const BASKET_GAP = [4, 15] as const;
const BASKET_SHARE = 0.16;
const CHECKOUT_SHARE = 0.55;
/** Share of views that stay in the category the visit came for, and that follow the crowd in place of the visitor's taste. */
const FOCUS_SHARE = 0.75;
const CROWD_SHARE = 0.08;
const PRICE_UNKNOWN_SHARE = 0.01;

/** No visit lasts longer: its views with their baskets, and the checkout. */
export const LONGEST_VISIT: Micros = (SHAPE.shifted.maxViews * (VIEW_GAP[1] + BASKET_GAP[1] + 2) + 60) * SECOND;

const EVENTS = 5;

/** All events of a visit in time order: views in a burst, some put in the basket, some baskets bought at the end. */
export function eventsOf(world: World, visit: Visit, season: Season): readonly TimedClick[] {
  const random = randomOf(world.seed, EVENTS, visit.bucket, visit.number);
  const visitor = visitorAt(world, draw(random, world.activity), visit.start);
  const shape = SHAPE[season];
  // A season is part of the id: a range simulated in two seasons never gives two events one id.
  const session = `${season === 'usual' ? 's' : 'x'}${world.seed.toString(36)}-${visit.bucket.toString(36)}-${visit.number.toString(36)}`;
  const events: TimedClick[] = [];
  let at = visit.start;
  const emit = (item: Item, kind: SimulatedClick['kind'], price: number | null): void => {
    const { id, address } = visitor;
    const event_id = `${session}-${events.length}`;
    const click = {
      event_id,
      user_id: id,
      session_id: session,
      item_id: item.id,
      kind,
      price,
      address,
      event_time: formatTimestamp(at),
    };
    events.push({ at, click });
  };
  const pass = ([low, high]: readonly [number, number]): void => {
    at += Math.round(between(random, low, high) * SECOND);
  };

  const views = Math.min(2 + geometric(random, shape.views), shape.maxViews);
  const focus = categoryFor(world, visitor, shape, random);
  const seen = new Set<Item>();
  const basket: { readonly item: Item; readonly price: number | null }[] = [];
  for (let view = 0; view < views; view++) {
    if (view > 0) pass(VIEW_GAP);
    const item = freshItem(world, visitor, shape, focus, seen, random);
    const price = random.unit() < PRICE_UNKNOWN_SHARE ? null : priceOf(item, shape, random);
    emit(item, 'view', price);
    if (random.unit() >= BASKET_SHARE) continue;
    pass(BASKET_GAP);
    emit(item, 'basket', price);
    basket.push({ item, price });
  }
  if (random.unit() < CHECKOUT_SHARE) {
    pass([20, 60]);
    for (const { item, price } of basket) {
      emit(item, 'purchase', price);
      at += SECOND;
    }
  }
  return events;
}

function categoryFor(world: World, visitor: Visitor, shape: SeasonShape, random: Random): number {
  return random.unit() < shape.pull ? world.seasonCategory : draw(random, visitor.categories);
}

/** An item the visitor likes and has not seen in this visit; after three tries also one they have. */
function freshItem(world: World, visitor: Visitor, shape: SeasonShape, focus: number, seen: Set<Item>, random: Random): Item {
  let item = drawItem(world, random);
  const crowd = random.unit() < CROWD_SHARE;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (!crowd) {
      const category = random.unit() < FOCUS_SHARE ? focus : categoryFor(world, visitor, shape, random);
      const group = world.groups[category * STYLES.length + draw(random, visitor.styles)];
      item = group?.items[draw(random, group.popularity)] ?? item;
    } else if (attempt > 0) item = drawItem(world, random);
    if (!seen.has(item)) break;
  }
  seen.add(item);
  return item;
}

/** The item's price within ±5 %, in whole cents. */
const priceOf = (item: Item, shape: SeasonShape, random: Random): number =>
  Math.round(item.price * shape.prices * between(random, 0.95, 1.05) * 100) / 100;
