import { defineEvent, defineTable } from '../event.ts';
import { nullable, number, oneOf, subject, text, timestamp } from '../field.ts';

/** What a visitor did with an item. */
export const click = defineEvent({
  name: 'click',
  id: 'event_id',
  time: 'event_time',
  key: 'user_id',
  fields: {
    event_id: text({ maxLength: 64 }),
    user_id: subject({ maxLength: 64 }),
    session_id: nullable(text({ maxLength: 64 })),
    item_id: text({ maxLength: 64 }),
    kind: oneOf(['view', 'basket', 'purchase']),
    price: nullable(number({ unit: 'EUR', range: [0, 100_000] })),
    /** Network address as the edge saw it; kept to find bots, never a feature. */
    address: nullable(text({ class: 'pii', maxLength: 45 })),
    event_time: timestamp(),
  },
  rules: {
    nullRate: { price: 0.2 },
    outliers: { price: { z: 12, maxShare: 0.05 } },
    distribution: { kind: 0.5 },
    freshness: '1h',
    maxPerKeyPerMinute: 600,
  },
});

/** The catalogue. */
export const item = defineTable({
  name: 'item',
  key: 'item_id',
  fields: {
    item_id: text({ maxLength: 64 }),
    title: text({ maxLength: 200 }),
    category: text({ maxLength: 64 }),
    price: nullable(number({ unit: 'EUR', range: [0, 100_000] })),
  },
});
