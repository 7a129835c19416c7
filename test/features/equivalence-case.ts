import fc from 'fast-check';
import type { Row } from '../../app/usecases/event.ts';
import {
  type Aggregate,
  type Condition,
  defineFeatureView,
  type Expression,
  type Feature,
  type FeatureView,
} from '../../app/usecases/feature.ts';
import type { Duration } from '../../app/usecases/window.ts';
import { buyer, purchaseEvent } from './purchase-event.ts';

/** The moments of all cases lie around this one, in microseconds. */
export const START = 1_780_000_000_000_000;
export const WINDOWS = ['1s', '2s', '7s', '1m', '1h', '30d'] as const satisfies readonly Duration[];
/** U+FB00 and U+1F600 are the other way round in UTF-16; the last two look alike and are not equal. */
const WORDS = ['a', 'B', "o'Neil", '"', 'ﬀ', '😀', '😀b', '�', 'é', 'é'] as const;

const field = fc.constantFrom('pieces', 'price', 'kind', 'gift', 'due', 'id');
const numeric = fc.constantFrom('pieces', 'price');
const comparable = fc.constantFrom('pieces', 'price', 'due');

const price = fc.oneof(
  fc.constantFrom(0, 0.1, 0.2, 0.3, -0.1, 1e-7, 12.34, 1e12, -1e12),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
);
const pieces = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(2 ** 51, -(2 ** 51), 2 ** 51 - 1), fc.maxSafeInteger());
const near = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 14 }), fc.constantFrom(4, 6)), fc.constantFrom(-1, 0, 0, 0, 1, 999))
  .map(([step, by]) => START + step * 500_000 + by);
const moment = fc.oneof(
  { weight: 6, arbitrary: near },
  { weight: 1, arbitrary: fc.integer({ min: -40, max: 40 }).map((days) => START + days * 86_400_000_000 + 123_457 * days) },
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    field: fc.constant('kind'),
    test: fc.constant('in' as const),
    values: fc.uniqueArray(fc.constantFrom(...WORDS), { maxLength: 4 }),
  }),
  fc.record({ field: fc.constant('gift'), test: fc.constant('in' as const), values: fc.constantFrom([true], [false]) }),
  fc.record({
    field: fc.constant('price'),
    test: fc.constant('in' as const),
    values: fc.array(price, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    field: fc.constant('due'),
    test: fc.constant('in' as const),
    values: fc.array(near, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ field, test: fc.constantFrom('null' as const, 'present' as const) }),
  fc.record({
    field: numeric,
    test: fc.constantFrom('lt' as const, 'le' as const, 'gt' as const, 'ge' as const),
    than: fc.oneof(price, fc.constantFrom(1, 0.5)),
  }),
  fc.record({
    field: fc.constant('due'),
    test: fc.constantFrom('lt' as const, 'le' as const, 'gt' as const, 'ge' as const),
    than: near,
  }),
);

const options = fc.record({ where: fc.array(condition, { maxLength: 2 }), over: fc.constantFrom(...WINDOWS) });

function typed(aggregate: Aggregate): Feature {
  const own = aggregate.field === undefined ? undefined : purchaseEvent('5m').fields[aggregate.field as 'price']?.type;
  const type = {
    count: 'long',
    distinct: 'long',
    mean: 'double',
    lastN: 'string[]',
    sum: own,
    min: own,
    max: own,
    last: own,
  } as const;
  return { type: type[aggregate.op] as Feature['type'], expression: aggregate, fallback: -7 };
}

const aggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  options.map((o): Aggregate => ({ op: 'count', field: undefined, n: undefined, ...o })),
  fc
    .tuple(fc.constantFrom('sum' as const, 'mean' as const), numeric, options)
    .map(([op, f, o]): Aggregate => ({ op, field: f, n: undefined, ...o })),
  fc
    .tuple(fc.constantFrom('min' as const, 'max' as const), comparable, options)
    .map(([op, f, o]): Aggregate => ({ op, field: f, n: undefined, ...o })),
  fc
    .tuple(fc.constantFrom('last' as const, 'distinct' as const), field, options)
    .map(([op, f, o]): Aggregate => ({ op, field: f, n: undefined, ...o })),
  fc
    .tuple(fc.constantFrom('kind', 'id'), fc.integer({ min: 1, max: 4 }), options)
    .map(([f, n, o]): Aggregate => ({ op: 'lastN', field: f, n, ...o })),
);
const countable = aggregate.filter(
  ({ op, field: f }) => op === 'count' || op === 'distinct' || (['sum', 'mean', 'min', 'max'].includes(op) && f !== 'due'),
);
const quotient: fc.Arbitrary<Expression> = fc
  .tuple(countable, fc.oneof(countable, fc.tuple(countable, countable)))
  .map(([of, to]) => ({
    op: 'ratio',
    of,
    to: Array.isArray(to) ? { op: 'ratio', of: to[0], to: to[1] } : to,
  }));
const feature = fc.oneof(
  { weight: 5, arbitrary: aggregate.map(typed) },
  { weight: 1, arbitrary: quotient.map((expression): Feature => ({ type: 'double', expression, fallback: 0.5 })) },
);

const view: fc.Arbitrary<FeatureView> = fc
  .tuple(fc.array(feature, { minLength: 1, maxLength: 8 }), fc.constantFrom<Duration[]>('1s', '3s', '5m'))
  .map(([features, maxAhead]) =>
    defineFeatureView({
      name: 'buying',
      entity: buyer,
      source: purchaseEvent(maxAhead),
      owner: 'test',
      features: Object.fromEntries(features.map((f, i) => [`f${i}`, f])),
    }),
  );

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 4, nil: null });
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...WORDS) },
    { weight: 4, arbitrary: fc.constantFrom('ﬀ', '�', '😀', '😀b') },
    { weight: 1, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.nat(30).map((n) => `event-${n}`) },
  ),
  who: fc.constantFrom('ann', 'ann', '😀', 'ﬀ'),
  at: moment,
  pieces: orNull(pieces),
  price: orNull(price),
  kind: orNull(fc.constantFrom(...WORDS)),
  gift: orNull(fc.boolean()),
  due: orNull(moment),
});

/** One moment to compare: after so many rows of the log, at an event's time or an edge of a window over it. */
const question = fc.record({
  after: fc.nat(),
  about: fc.nat(),
  window: fc.nat(),
  by: fc.constantFrom(-1, 0, 0, 1),
  edge: fc.boolean(),
});

export interface Case {
  readonly view: FeatureView;
  readonly log: readonly Row[];
  readonly questions: readonly {
    readonly after: number;
    readonly about: number;
    readonly window: number;
    readonly by: number;
    readonly edge: boolean;
  }[];
  /** Rows per write: the state goes through the online row after each. */
  readonly batch: number;
}

export const anyCase: fc.Arbitrary<Case> = fc.record({
  view,
  log: fc.array(row, { minLength: 1, maxLength: 30 }),
  questions: fc.array(question, { minLength: 12, maxLength: 12 }),
  batch: fc.integer({ min: 1, max: 6 }),
});
