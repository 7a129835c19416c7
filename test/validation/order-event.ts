import { defineEvent } from '../../app/usecases/event.ts';
import { flag, integer, nullable, number, oneOf, subject, text, timestamp } from '../../app/usecases/field.ts';

/** An event with a field of each kind, and every rule set. */
export const order = defineEvent({
  name: 'order',
  id: 'order_id',
  time: 'ordered_at',
  key: 'buyer',
  fields: {
    order_id: text({ maxLength: 12 }),
    buyer: subject({ maxLength: 20 }),
    code: text({ pattern: '^[A-Z]{2}$' }),
    state: oneOf(['open', 'paid']),
    total: nullable(number({ range: [0, 1000] })),
    count: integer({ range: [1, 99] }),
    gift: nullable(flag()),
    phone: nullable(text({ class: 'pii', maxLength: 10 })),
    score: nullable(number()),
    ordered_at: timestamp(),
    shipped_at: nullable(timestamp()),
  },
  rules: {
    maxAhead: '1m',
    maxBehind: '30d',
    nullRate: { total: 0.2 },
    outliers: { total: { z: 6, maxShare: 0.02 } },
    distribution: { state: 0.25, total: 0.25 },
    volume: { atLeast: 0.5, atMost: 2 },
    freshness: '1h',
  },
});

/** 2026-03-01T12:00:00Z in microseconds. */
export const NOW = Date.UTC(2026, 2, 1, 12) * 1000;
export const clock = { now: () => NOW };

export const goodOrder = {
  order_id: 'o-1',
  buyer: 'ann',
  code: 'AB',
  state: 'open',
  total: 12.5,
  count: 2,
  gift: true,
  phone: '555 0100',
  score: -0.25,
  ordered_at: '2026-03-01T11:59:59.123456Z',
  shipped_at: null,
} as const;
