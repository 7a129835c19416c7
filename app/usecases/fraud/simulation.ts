import { DAY, HOUR, MINUTE, type Micros } from '../../clock/port.ts';
import { formatTimestamp } from '../../clock/timestamp.ts';
import { between, cumulate, draw, normal, poisson, type Random, randomOf } from '../random.ts';
import type { SimulatedEvent, SimulatedRange, Simulation } from '../simulation.ts';
import { eventsOf, LONGEST_PLAN, type TimedEvent } from './plan.ts';

const SEED = 7;
const PLACES = 4_000;
const ORDERS_PER_HOUR = 300;
/** Share of broken orders, as a real edge would see them. */
const MALFORMED = 0.003;

/** Orders are planned by the ten minutes they start in; each bucket has its own random stream. */
const BUCKET: Micros = 10 * MINUTE;
/** Buckets kept for the next range: a live stream asks for the same ones many times a second. */
const KEPT = 40;

const ACTIVITY = 34;
const PLAN = 35;
const BREAK = 36;

/** A changed world buys dearer and other goods, and its fraud is accounts that look like good customers. */
export const orderSimulation: Simulation = orderWorld(SEED);

/** The shop's orders and what became of them; equal seeds give equal streams. */
export function orderWorld(seed: number): Simulation {
  const visitors = randomOf(seed, ACTIVITY);
  // Log-normal, so a few order very often.
  const activity = cumulate(Array.from({ length: PLACES }, () => Math.exp(1.1 * normal(visitors))));
  const made = new Map<string, readonly TimedEvent[]>();

  function bucketOf(bucket: number, changes: readonly Micros[]): readonly TimedEvent[] {
    const key = `${bucket}/${changes.join()}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const random = randomOf(seed, PLAN, bucket);
    const mean = ((ORDERS_PER_HOUR * BUCKET) / HOUR) * rhythm(bucket * BUCKET);
    const events = Array.from({ length: poisson(random, mean) }, (_, number) => {
      const own = randomOf(seed, PLAN, bucket, number);
      const start = Math.floor(bucket * BUCKET + between(own, 0, BUCKET));
      const changed = changes.filter((at) => at <= start).length % 2 === 1;
      return eventsOf({ seed, bucket, number, start, place: draw(own, activity), changed });
    }).flat();
    made.set(key, events);
    for (const oldest of made.keys()) if (made.size > KEPT) made.delete(oldest);
    return events;
  }

  function* events({ from, to, changes }: SimulatedRange): Generator<SimulatedEvent> {
    let waiting: readonly TimedEvent[] = [];
    for (let bucket = Math.floor((from - LONGEST_PLAN) / BUCKET); bucket * BUCKET < to; bucket += 1) {
      const end = Math.min(to, (bucket + 1) * BUCKET);
      const all = [...waiting, ...bucketOf(bucket, changes)].filter(({ at }) => at >= from).sort(inTime);
      const due = all.findIndex(({ at }) => at >= end);
      waiting = due === -1 ? [] : all.slice(due);
      for (const event of due === -1 ? all : all.slice(0, due)) yield sent(event);
    }
  }

  function sent({ at, event, subject, wire }: TimedEvent): SimulatedEvent {
    const random = randomOf(seed, BREAK, at);
    if (event === 'outcome' || random.unit() >= MALFORMED) return { at, event, subject, wire, asks: event === 'order' };
    return { at, event, subject, wire: broken(wire, at, random), asks: false };
  }

  return { seed, historyDays: 3, rate: 240, tables: () => ({}), events };
}

const inTime = (a: TimedEvent, b: TimedEvent): number => a.at - b.at || (idOf(a) < idOf(b) ? -1 : 1);
const idOf = ({ wire }: TimedEvent): string => String(wire.outcome_id ?? wire.order_id);

/** How busy the shop is, 1 on average: most at 20:00 UTC, least in the early morning. */
const rhythm = (at: Micros): number => 1 + 0.6 * Math.cos(((at % DAY) / HOUR - 20) * (Math.PI / 12));

/** One of the ways in which an order goes wrong; each is refused by the door. */
function broken(wire: TimedEvent['wire'], at: Micros, random: Random): unknown {
  const { amount: _, ...withoutAmount } = wire;
  const ways: readonly unknown[] = [
    withoutAmount,
    { ...wire, amount: -1 - random.below(100) },
    { ...wire, amount: `${wire.amount} EUR` },
    { ...wire, country: 'Atlantis' },
    { ...wire, coupon: 'SPRING' },
    { ...wire, event_time: formatTimestamp(at + 20_000 * DAY) },
    wire.order_id,
  ];
  return ways[random.below(ways.length)];
}
