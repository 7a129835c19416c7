import { defineEvent } from '../event.ts';
import { flag, nullable, number, oneOf, subject, text, timestamp } from '../field.ts';

export const COUNTRIES = ['DE', 'FR', 'NL', 'PL', 'IT', 'ES', 'GB', 'US'] as const;

/** An order as the checkout sends it, before the goods leave. */
export const order = defineEvent({
  name: 'order',
  id: 'order_id',
  time: 'event_time',
  key: 'user_id',
  fields: {
    order_id: text({ maxLength: 64 }),
    user_id: subject({ maxLength: 64 }),
    /** Fingerprint of the card as the payment provider gives it. */
    card: nullable(text({ class: 'pii', maxLength: 64 })),
    card_kind: oneOf(['credit', 'debit', 'prepaid']),
    amount: number({ unit: 'EUR', range: [0, 50_000] }),
    currency: oneOf(['EUR', 'GBP', 'PLN', 'USD']),
    country: oneOf(COUNTRIES),
    /** The parcel goes to the country of the card. */
    card_country_match: flag(),
    goods: oneOf(['fashion', 'home', 'electronics', 'voucher']),
    express: flag(),
    /** Token of the browser or app, drawn anew each quarter. */
    device: text({ maxLength: 64 }),
    /** The user has signed in from this device before. */
    device_known: flag(),
    /** Network address as the edge saw it; kept for the investigator, never a feature. */
    address: nullable(text({ class: 'pii', maxLength: 45 })),
    event_time: timestamp(),
  },
  rules: {
    nullRate: { card: 0.2 },
    outliers: { amount: { z: 60, maxShare: 0.05 } },
    freshness: '1h',
    maxPerKeyPerMinute: 60,
  },
});

/** What became of an order, as the bank's early warning or the returns desk tells. An order without one is well. */
export const outcome = defineEvent({
  name: 'outcome',
  id: 'outcome_id',
  time: 'event_time',
  key: 'user_id',
  fields: {
    outcome_id: text({ maxLength: 64 }),
    order_id: text({ maxLength: 64 }),
    user_id: subject({ maxLength: 64 }),
    kind: oneOf(['chargeback', 'refund']),
    event_time: timestamp(),
  },
});
