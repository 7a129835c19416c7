import { defineEvent } from '../../app/usecases/event.ts';
import { defineEntity } from '../../app/usecases/feature.ts';
import { flag, integer, nullable, number, subject, text, timestamp } from '../../app/usecases/field.ts';
import type { Duration } from '../../app/usecases/window.ts';

/** An event with a nullable field of every type. */
export const purchaseEvent = (maxAhead: Duration) =>
  defineEvent({
    name: 'purchase',
    id: 'id',
    time: 'at',
    key: 'who',
    fields: {
      id: text(),
      who: subject(),
      at: timestamp(),
      pieces: nullable(integer()),
      price: nullable(number()),
      kind: nullable(text()),
      gift: nullable(flag()),
      due: nullable(timestamp()),
    },
    rules: { maxAhead },
  });

export const buyer = defineEntity({ name: 'buyer', joinKey: 'who' });
