import { DAY, HOUR, MINUTE, type Micros } from '../../../clock/port.ts';
import { between, poisson, randomOf } from '../../random.ts';
import { heapOf } from './heap.ts';
import { breakClick } from './malformed.ts';
import { eventsOf, LONGEST_VISIT, type Season, type TimedClick, type Visit } from './session.ts';
import type { World } from './world.ts';

export interface SimulateOptions {
  /** First moment, included; and the end, excluded. */
  readonly from: Micros;
  readonly to: Micros;
  /**
   * `shifted`: another category draws most visits, prices are 1.8 times as high, visits are about twice as long.
   * Visits under way when the season changes stop; those of the new season that began before go on.
   * @default 'usual'
   */
  readonly season?: Season;
  /** Share of events that are broken in one of the ways of `BREAKAGES`. @default 0 */
  readonly malformedShare?: number;
}

export interface SimulatedEvent {
  readonly at: Micros;
  /** The plain user id. */
  readonly user: string;
  /** What the client sends: a click of the retail use case, or what a broken client makes of it. */
  readonly wire: unknown;
}

/** Visits are planned by the ten minutes they start in; each bucket has its own random stream. */
const BUCKET: Micros = 10 * MINUTE;

const PLAN = 6;
const BREAK = 7;

/**
 * The shop's events in time order (ties by visit), made as they are read: memory holds the visits under way only. What happens
 * depends on the world and the moment alone, so ranges may be simulated again, in parts, or by another process: the same
 * events come with the same ids, and adjacent ranges join without a gap or a double.
 */
export function* simulate(world: World, options: SimulateOptions): Generator<SimulatedEvent, void, undefined> {
  const { from, to, season = 'usual', malformedShare = 0 } = options;
  if (!(malformedShare >= 0 && malformedShare <= 1)) {
    throw new RangeError(`malformedShare is ${malformedShare}; expected a number from 0 to 1`);
  }
  for (const { at, click } of merged(world, from, to, season)) {
    const wire = malformedShare > 0 ? perhapsBroken(world, click, at, malformedShare) : click;
    yield { at, user: click.user_id, wire };
  }
}

interface Running {
  readonly visit: Visit;
  readonly events: readonly TimedClick[];
  next: number;
}

function* merged(world: World, from: Micros, to: Micros, season: Season): Generator<TimedClick, void, undefined> {
  const atOf = (running: Running): Micros => running.events[running.next]?.at ?? Number.POSITIVE_INFINITY;
  const running = heapOf<Running>((a, b) => atOf(a) < atOf(b) || (atOf(a) === atOf(b) && earlier(a.visit, b.visit)));
  for (let bucket = Math.floor((from - LONGEST_VISIT) / BUCKET); bucket * BUCKET < to; bucket++) {
    for (const visit of visitsOf(world, bucket)) {
      yield* upTo(visit.start);
      const events = eventsOf(world, visit, season);
      const next = events.findIndex(({ at }) => at >= from);
      if (next >= 0) running.push({ visit, events, next });
    }
  }
  yield* upTo(to);

  function* upTo(end: Micros): Generator<TimedClick, void, undefined> {
    for (let top = running.peek(); top !== undefined && atOf(top) < Math.min(end, to); top = running.peek()) {
      running.pop();
      const event = top.events[top.next++];
      if (event !== undefined) yield event;
      if (top.next < top.events.length) running.push(top);
    }
  }
}

const earlier = (a: Visit, b: Visit): boolean => a.bucket < b.bucket || (a.bucket === b.bucket && a.number < b.number);

/** The visits that start in a bucket, by start. A visit follows from bucket and number: a busier world has the same first ones. */
function visitsOf(world: World, bucket: number): readonly Visit[] {
  const random = randomOf(world.seed, PLAN, bucket);
  const mean = ((world.sessionsPerHour * BUCKET) / HOUR) * rhythm(bucket * BUCKET);
  const visits = Array.from({ length: poisson(random, mean) }, (_, number) => {
    const start = Math.floor(bucket * BUCKET + between(randomOf(world.seed, PLAN, bucket, number), 0, BUCKET));
    return { bucket, number, start };
  });
  return visits.sort((a, b) => a.start - b.start || a.number - b.number);
}

/** How busy the shop is, 1 on average: most at 20:00 UTC, least in the early morning, more at the weekend. */
function rhythm(at: Micros): number {
  const hour = (at % DAY) / HOUR;
  const weekday = Math.floor(at / DAY + 4) % 7; // the epoch was a Thursday; 0 is Sunday
  const weekend = weekday === 0 || weekday === 6;
  return (1 + 0.75 * Math.cos(((hour - 20) / 24) * 2 * Math.PI)) * (weekend ? 1.25 : 0.9);
}

/** Decided by the event's id, so that the same events are broken however the range is cut. */
function perhapsBroken(world: World, click: TimedClick['click'], at: Micros, share: number): unknown {
  const random = randomOf(world.seed, BREAK, at, hashOf(click.event_id));
  return random.unit() < share ? breakClick(click, at, random) : click;
}

/** 32-bit FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
