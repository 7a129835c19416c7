import { defineEmbeddingView, defineEntity, defineFeatureView, over, ratio } from '../feature.ts';
import { click } from './events.ts';

export const user = defineEntity({ name: 'user', joinKey: 'user_id' });

const clicks = over(click);

/** What a user did lately. Served as of the request, trained as of the moment before each label. */
export const activity = defineFeatureView({
  name: 'user_activity',
  entity: user,
  source: click,
  owner: 'shop-ml',
  features: {
    views_1h: clicks.count({ where: { kind: 'view' }, over: '1h' }),
    events_30d: clicks.count({ over: '30d' }),
    basket_value_1d: clicks.sum('price', { where: { kind: 'basket' }, over: '1d' }),
    mean_price_1d: clicks.mean('price', { over: '1d' }),
    dearest_1d: clicks.max('price', { over: '1d' }),
    items_1d: clicks.distinct('item_id', { over: '1d' }),
    purchase_rate_7d: ratio(clicks.count({ where: { kind: 'purchase' }, over: '7d' }), clicks.count({ over: '7d' })),
    recent_items: clicks.lastN('item_id', 20, { over: '30d' }),
  },
});

/** The user's taste as the recommender learnt it. */
export const taste = defineEmbeddingView({
  name: 'user_taste',
  entity: user,
  owner: 'shop-ml',
  feature: 'taste',
  dimensions: 32,
  class: 'pii',
  minSupport: 3,
});
