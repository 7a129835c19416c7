import { MINUTE, type Micros, SECOND } from '../../clock/port.ts';
import { formatTimestamp } from '../../clock/timestamp.ts';
import { between, normal, type Random, randomOf } from '../random.ts';
import { type Buyer, buyerAt, buyerOf, tokenOf } from './buyer.ts';
import { COUNTRIES } from './events.ts';

/** Where orders come from: an honest buyer, a stolen account, an account that tries cards out, or an account made to resell. */
export type Plot = 'honest' | 'takeover' | 'testing' | 'reselling';

/** What happens from `start` on follows from seed, bucket and number alone. */
export interface Plan {
  readonly seed: number;
  readonly bucket: number;
  readonly number: number;
  readonly start: Micros;
  readonly place: number;
  /** The world has changed its ways by the start. */
  readonly changed: boolean;
}

export interface TimedEvent {
  readonly at: Micros;
  readonly event: 'order' | 'outcome';
  readonly subject: string;
  readonly wire: Readonly<Record<string, unknown>>;
}

const PLOT = 33;
/** Outcomes come this long after their order, minutes. */
const DELAY = [4, 45] as const;
/** No plan lasts longer: its orders, and the outcome of the last. */
export const LONGEST_PLAN: Micros = 110 * MINUTE;

/** Share of honest orders that are charged back all the same, and that are sent back. */
const FRIENDLY_FRAUD = 0.003;
const REFUNDED = 0.04;

/** Before the change most fraud is stolen accounts; after it, accounts made to resell, which look like good customers. */
const SHARES: Readonly<Record<'usual' | 'changed', Readonly<Record<Exclude<Plot, 'honest'>, number>>>> = {
  usual: { takeover: 0.007, testing: 0.003, reselling: 0.001 },
  changed: { takeover: 0.004, testing: 0.002, reselling: 0.012 },
};

/** All events of a plan in time order. */
export function eventsOf(plan: Plan): readonly TimedEvent[] {
  const random = randomOf(plan.seed, PLOT, plan.bucket, plan.number);
  const plot = plotOf(random, plan.changed);
  const name = `${plan.seed.toString(36)}-${plan.bucket.toString(36)}-${plan.number.toString(36)}`;
  const own = plot === 'testing' || plot === 'reselling';
  const buyer = own ? buyerOf(random, `${plot}-${name}`) : buyerAt(plan.seed, plan.place, plan.start);
  const events: TimedEvent[] = [];
  const device = tokenOf(random);
  const card = tokenOf(random);
  let at = plan.start;
  const orders = ordersOf(plot, random);
  for (let index = 0; index < orders; index += 1) {
    if (index > 0) at += Math.round(between(random, 2, 9) * MINUTE);
    const order_id = `o-${name}-${index}`;
    const shape = SHAPES[plot](buyer, random, plan.changed);
    const foreign = plot !== 'honest' && shape.device_known !== true;
    const wire = {
      order_id,
      user_id: buyer.id,
      card: foreign ? card : buyer.card,
      card_kind: buyer.cardKind,
      currency: buyer.country === 'GB' ? 'GBP' : buyer.country === 'PL' ? 'PLN' : buyer.country === 'US' ? 'USD' : 'EUR',
      country: buyer.country,
      device: shape.device_known === true ? buyer.device : device,
      address: random.unit() < 0.05 ? null : buyer.address,
      event_time: formatTimestamp(at),
      ...shape,
    };
    events.push({ at, event: 'order', subject: buyer.id, wire });
    const kind = fate(plot, random);
    if (kind === undefined) continue;
    const told = at + Math.round(between(random, ...DELAY) * MINUTE) + SECOND;
    const event_time = formatTimestamp(told);
    const told_wire = { outcome_id: `c-${name}-${index}`, order_id, user_id: buyer.id, kind, event_time };
    events.push({ at: told, event: 'outcome', subject: buyer.id, wire: told_wire });
  }
  return events.sort((a, b) => a.at - b.at);
}

function plotOf(random: Random, changed: boolean): Plot {
  let draw = random.unit();
  for (const [plot, share] of Object.entries(SHARES[changed ? 'changed' : 'usual'])) {
    draw -= share;
    if (draw < 0) return plot as Plot;
  }
  return 'honest';
}

const ordersOf = (plot: Plot, random: Random): number =>
  plot === 'honest'
    ? 1
    : plot === 'takeover'
      ? 2 + random.below(4)
      : plot === 'testing'
        ? 3 + random.below(5)
        : 2 + random.below(3);

function fate(plot: Plot, random: Random): 'chargeback' | 'refund' | undefined {
  const draw = random.unit();
  if (plot !== 'honest') return draw < 0.93 ? 'chargeback' : undefined;
  return draw < FRIENDLY_FRAUD ? 'chargeback' : draw < FRIENDLY_FRAUD + REFUNDED ? 'refund' : undefined;
}

const cents = (amount: number): number => Math.min(20_000, Math.max(1, Math.round(amount * 100) / 100));
const HONEST_GOODS = ['fashion', 'fashion', 'home', 'home', 'electronics', 'voucher'] as const;

type Shape = Readonly<Record<string, unknown>>;

/** What an order of each plot looks like. */
const SHAPES: Readonly<Record<Plot, (buyer: Buyer, random: Random, changed: boolean) => Shape>> = {
  honest: ({ level }, random, changed) => ({
    amount: cents(level * (changed ? 1.9 : 1) * Math.exp(0.5 * normal(random))),
    goods: changed && random.unit() < 0.35 ? 'electronics' : HONEST_GOODS[random.below(HONEST_GOODS.length)],
    express: random.unit() < (changed ? 0.3 : 0.15),
    device_known: random.unit() > 0.06,
    card_country_match: random.unit() > 0.05,
  }),
  takeover: ({ level }, random) => ({
    amount: cents(level * between(random, 1.5, 7)),
    goods: random.unit() < 0.55 ? 'electronics' : random.unit() < 0.6 ? 'voucher' : 'fashion',
    express: random.unit() < 0.7,
    device_known: random.unit() < 0.1,
    card_country_match: random.unit() < 0.45,
    country: COUNTRIES[random.below(COUNTRIES.length)],
  }),
  testing: (_buyer, random) => ({
    amount: cents(between(random, 1, 12)),
    goods: random.unit() < 0.75 ? 'voucher' : 'fashion',
    express: random.unit() < 0.1,
    device_known: false,
    card_country_match: random.unit() < 0.5,
    card_kind: random.unit() < 0.6 ? 'prepaid' : 'credit',
  }),
  reselling: ({ level }, random) => ({
    amount: cents(level * between(random, 2, 5)),
    goods: random.unit() < 0.8 ? 'electronics' : 'home',
    express: random.unit() < 0.6,
    device_known: random.unit() < 0.5,
    card_country_match: random.unit() < 0.9,
    card_kind: 'debit',
  }),
};
