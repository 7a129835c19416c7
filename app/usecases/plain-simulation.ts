import { HOUR, MINUTE, type Micros, SECOND } from '../clock/port.ts';
import { formatTimestamp } from '../clock/timestamp.ts';
import type { EventType, Fields } from './event.ts';
import type { Field } from './field.ts';
import { between, cumulate, draw, normal, poisson, type Random, randomOf, zipf } from './random.ts';
import type { SimulatedEvent, SimulatedRange, Simulation } from './simulation.ts';
import type { UseCase } from './usecase.ts';
import { micros } from './window.ts';

const SEED = 7;
/** Few and busy: a window of different ones fills within the hour, and a feature of hours follows a change within hours. */
const SUBJECTS = 600;
const ITEMS = 240;
const GROUPS = 8;
const VISITS_PER_HOUR = { recommender: 240, classifier: 300 } as const;
const BUCKET: Micros = 10 * MINUTE;
const LONGEST_VISIT: Micros = 15 * MINUTE;
/** Share of events of the class that a classifier looks for, about. */
const RARE = 0.08;

const ACTIVITY = 51;
const VISIT = 52;
const TASTE = 53;
const WEIGHT = 54;

interface Planned {
  readonly at: Micros;
  readonly event: EventType;
  readonly subject: string;
  readonly wire: Readonly<Record<string, unknown>>;
}

/**
 * A made-up world for a use case that brings none, from its events' fields alone: subjects with habits, numbers inside
 * their ranges, items in groups that people of one taste share, or outcomes that follow a hidden rule over the fields.
 * A changed world draws higher numbers and other groups. Enough to see the loop turn; it says nothing about real data.
 */
export function plainSimulation(usecase: UseCase): Simulation {
  const visitors = randomOf(SEED, ACTIVITY);
  const activity = cumulate(Array.from({ length: SUBJECTS }, () => Math.exp(normal(visitors))));
  const ranks = cumulate(zipf(ITEMS / GROUPS, 0.8));
  const { event } = usecase.model.label;
  const itemField = usecase.kind === 'recommender' ? usecase.model.label.item : undefined;

  function itemOf(subject: number, changed: boolean, random: Random): string {
    const own = randomOf(SEED, TASTE, subject).below(GROUPS);
    const group = random.unit() < 0.75 ? (own + (changed ? GROUPS / 2 : 0)) % GROUPS : random.below(GROUPS);
    return `item-${group * (ITEMS / GROUPS) + draw(random, ranks) + 1}`;
  }

  function wireOf(type: EventType, id: string, at: Micros, subject: number, changed: boolean, random: Random) {
    return Object.fromEntries(
      Object.entries(type.fields).map(([name, field]) => {
        if (name === type.id) return [name, id];
        if (name === type.time) return [name, formatTimestamp(at)];
        if (name === itemField && type === event) return [name, itemOf(subject, changed, random)];
        if (name === type.key || field.subject) return [name, `subject-${subject + 1}`];
        return [name, drawnValue(field, at, changed, random)];
      }),
    );
  }

  function visit(bucket: number, number: number, changes: readonly Micros[]): readonly Planned[] {
    const random = randomOf(SEED, VISIT, bucket, number);
    const start = Math.floor(bucket * BUCKET + between(random, 0, BUCKET));
    const changed = changes.filter((at) => at <= start).length % 2 === 1;
    const subject = draw(random, activity);
    const length = 1 + random.below(usecase.kind === 'recommender' ? 6 : 3);
    const planned: Planned[] = [];
    for (let index = 0; index < length; index += 1) {
      const at = start + index * (MINUTE + random.below(40) * SECOND);
      const id = `${bucket.toString(36)}-${number}-${index}`;
      const wire = wireOf(event, id, at, subject, changed, random);
      planned.push({ at, event, subject: `subject-${subject + 1}`, wire });
      if (usecase.kind !== 'classifier') continue;
      const { label } = usecase.model;
      if (random.unit() >= risk(event.fields, wire)) continue;
      const told = at + Math.ceil(between(random, 0.05, 0.8) * micros(label.maturity));
      const fields = wireOf(label.outcome, `${id}-outcome`, told, subject, changed, random);
      const outcome = { ...fields, [label.of]: id, [label.by]: label.positive[0] };
      planned.push({ at: told, event: label.outcome, subject: `subject-${subject + 1}`, wire: outcome });
    }
    return planned;
  }

  const longest = LONGEST_VISIT + (usecase.kind === 'classifier' ? micros(usecase.model.label.maturity) : 0);

  function* events({ from, to, changes }: SimulatedRange): Generator<SimulatedEvent> {
    let waiting: readonly Planned[] = [];
    for (let bucket = Math.floor((from - longest) / BUCKET); bucket * BUCKET < to; bucket += 1) {
      const visits = poisson(randomOf(SEED, VISIT, bucket), (VISITS_PER_HOUR[usecase.kind] * BUCKET) / HOUR);
      const fresh = Array.from({ length: visits }, (_, number) => visit(bucket, number, changes)).flat();
      const all = [...waiting, ...fresh].filter(({ at }) => at >= from).sort((a, b) => a.at - b.at);
      const end = Math.min(to, (bucket + 1) * BUCKET);
      const due = all.filter(({ at }) => at < end);
      waiting = all.slice(due.length);
      for (const { at, event: type, subject, wire } of due) yield { at, event: type.name, subject, wire, asks: type === event };
    }
  }

  return { seed: SEED, historyDays: 3, rate: 240, tables: () => tablesOf(usecase), events };
}

/** Rows for the items that visits name, of every table keyed by the label's item. */
function tablesOf(usecase: UseCase): Readonly<Record<string, readonly unknown[]>> {
  const random = randomOf(SEED, WEIGHT);
  return Object.fromEntries(
    usecase.tables.map(({ name, key, fields }) => [
      name,
      Array.from({ length: ITEMS }, (_, item) =>
        Object.fromEntries(
          Object.entries(fields).map(([field, type]) => [
            field,
            field === key ? `item-${item + 1}` : drawnValue(type, 0, false, random),
          ]),
        ),
      ),
    ]),
  );
}

function drawnValue(field: Field, at: Micros, changed: boolean, random: Random): unknown {
  if (field.nullable && random.unit() < 0.05) return null;
  if (field.type === 'timestamp') return formatTimestamp(at);
  if (field.type === 'boolean') return random.unit() < (changed ? 0.5 : 0.25);
  if (field.type === 'string') {
    const values = field.values ?? Array.from({ length: 40 }, (_, index) => `value-${index + 1}`);
    return values[Math.floor(random.unit() ** 1.5 * values.length)];
  }
  const [low, high] = field.range ?? [0, 1_000];
  // Most values lie in the lower part of a range, as amounts and counts do.
  const value = low + (high - low) * Math.min(1, 0.05 * (changed ? 1.9 : 1) * Math.exp(0.6 * normal(random)));
  return field.type === 'long' ? Math.round(value) : Math.round(value * 100) / 100;
}

/** The hidden rule: a logistic function of the fields, each with a weight of its own. */
function risk(fields: Fields, wire: Readonly<Record<string, unknown>>): number {
  let margin = Math.log(RARE / (1 - RARE)) - 1;
  for (const [index, [name, field]] of Object.entries(fields).entries()) {
    const weight = 1 + randomOf(SEED, WEIGHT, index).unit();
    const value = wire[name];
    if (typeof value === 'boolean') margin += value ? weight : 0;
    else if (field.values !== undefined) margin += value === field.values.at(-1) ? weight : 0;
    else if (typeof value === 'number') {
      const [low, high] = field.range ?? [0, 1_000];
      margin += weight * Math.log(Math.max(1e-3, (value - low) / (0.05 * (high - low))));
    }
  }
  return 1 / (1 + Math.exp(-margin));
}
