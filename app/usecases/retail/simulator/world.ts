import { cumulate, draw, normal, type Random, randomOf, zipf } from '../../random.ts';
import { CATEGORIES, STYLES } from './words.ts';

export interface WorldOptions {
  /** A whole number; equal seeds make equal worlds and streams. */
  readonly seed: number;
  /** Visitors at any one time; newcomers take the place of those who leave. */
  readonly users: number;
  readonly items: number;
  readonly categories: number;
  /** Visits that start in an average hour; a visit is about eight events. @default 28 */
  readonly sessionsPerHour?: number;
}

export interface Item {
  readonly id: string;
  readonly title: string;
  readonly category: number;
  readonly style: number;
  /** EUR, in the usual season. */
  readonly price: number;
}

/** The items of one category in one style: people of one taste draw from the same few groups. */
export interface Group {
  readonly items: readonly Item[];
  /** Running sums of the items' popularity in the group. */
  readonly popularity: Float64Array;
}

export interface World extends Required<WorldOptions> {
  readonly stock: readonly Item[];
  readonly categoryNames: readonly string[];
  /** By `category * STYLES.length + style`. */
  readonly groups: readonly Group[];
  /** Running sums over categories and over all items, as the average visitor likes them. */
  readonly categoryPopularity: Float64Array;
  readonly itemPopularity: Float64Array;
  /** Running sums over visitors: how often each comes. Log-normal, so a few come very often. */
  readonly activity: Float64Array;
  /** The category that a shifted season raises: the least wanted of usual times. */
  readonly seasonCategory: number;
  /** The items as rows of the `item` table. */
  catalogue(): readonly { item_id: string; title: string; category: string; price: number }[];
}

/** How steeply popularity falls with rank, inside a group and over categories. */
const ITEM_EXPONENT = 0.9;
const CATEGORY_EXPONENT = 0.6;
const SESSIONS_PER_HOUR = 28;
const ACTIVITY_SIGMA = 1.1;
const CHEAPEST_LEVEL = 9;
const DEAREST_LEVEL = 120;

// First keys of the random streams, one a purpose.
const STOCK = 1;
const ACTIVITY = 2;

/** @throws RangeError where a size is no whole number, or there is less than one item a category and style */
export function createWorld(options: WorldOptions): World {
  const full = { sessionsPerHour: SESSIONS_PER_HOUR, ...options };
  checkSizes(full);
  const { seed, users, items, categories } = full;
  const random = randomOf(seed, STOCK);
  const categoryWeights = zipf(categories, CATEGORY_EXPONENT);
  const seasonCategory = categories - 1;

  const stock: Item[] = [];
  const members: Item[][] = Array.from({ length: categories * STYLES.length }, () => []);
  for (let number = 0; number < items; number++) {
    // The first items fill every group once; the rest fall where they fall.
    const group = number < members.length ? number : random.below(members.length);
    const category = Math.floor(group / STYLES.length);
    const level = CHEAPEST_LEVEL * (DEAREST_LEVEL / CHEAPEST_LEVEL) ** priceStep(category, categories);
    const price = Math.max(1, Math.round(level * Math.exp(0.45 * normal(random)))) - 0.01;
    const item = {
      id: itemId(number),
      title: titleOf(category, group % STYLES.length, number),
      category,
      style: group % STYLES.length,
      price,
    };
    stock.push(item);
    members[group]?.push(item);
  }

  const weightOf = new Map<Item, number>();
  const groups = members.map((inGroup, group) => {
    const ranks = zipf(inGroup.length, ITEM_EXPONENT);
    const total = ranks.reduce((sum, weight) => sum + weight, 0);
    const category = categoryWeights[Math.floor(group / STYLES.length)] ?? 0;
    for (const [rank, item] of inGroup.entries()) weightOf.set(item, (category * (ranks[rank] ?? 0)) / total);
    return { items: inGroup, popularity: cumulate(ranks) };
  });

  const visitors = randomOf(seed, ACTIVITY);
  const categoryNames = Array.from(
    { length: categories },
    (_, category) => CATEGORIES[category]?.[0] ?? `category ${category + 1}`,
  );
  return {
    ...full,
    stock,
    categoryNames,
    groups,
    categoryPopularity: cumulate(categoryWeights),
    itemPopularity: cumulate(stock.map((item) => weightOf.get(item) ?? 0)),
    activity: cumulate(Array.from({ length: users }, () => Math.exp(ACTIVITY_SIGMA * normal(visitors)))),
    seasonCategory,
    catalogue: () =>
      stock.map(({ id, title, category, price }) => ({ item_id: id, title, category: categoryNames[category] ?? '', price })),
  };
}

/** Price levels jump from category to category (0 cheapest, 1 dearest); the season's lies in the upper third. */
function priceStep(category: number, categories: number): number {
  if (category === categories - 1) return 0.75;
  return ((category * 7 + 3) % categories) / Math.max(categories - 1, 1);
}

const itemId = (number: number): string => `item-${String(number + 1).padStart(4, '0')}`;

function titleOf(category: number, style: number, number: number): string {
  const [name, things] = CATEGORIES[category] ?? [`category ${category + 1}`, ['thing']];
  const thing = things[number % things.length] ?? name;
  const title = `${STYLES[style]} ${thing} no. ${number + 1}`;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function checkSizes(options: Required<WorldOptions>): void {
  for (const name of ['seed', 'users', 'items', 'categories'] as const) {
    const least = name === 'seed' ? 0 : name === 'categories' ? 2 : 1;
    if (!Number.isSafeInteger(options[name]) || options[name] < least) {
      throw new RangeError(`world.${name} is ${options[name]}; expected a whole number of at least ${least}`);
    }
  }
  const least = options.categories * STYLES.length;
  if (options.items < least)
    throw new RangeError(`world.items is ${options.items}; ${options.categories} categories need at least ${least}`);
  if (!(options.sessionsPerHour > 0 && options.sessionsPerHour < 1e9)) {
    throw new RangeError(`world.sessionsPerHour is ${options.sessionsPerHour}; expected a number above 0`);
  }
}

/** An item by overall popularity. */
export const drawItem = (world: World, random: Random): Item => world.stock[draw(random, world.itemPopularity)] as Item;
