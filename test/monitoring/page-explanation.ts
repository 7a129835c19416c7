import type { Explained } from '../../app/serving/explanation.ts';

/** How a scripted answer came about; complete, so that the page shows each of its parts. */
export function explained(requestId: string): Explained {
  const items = Array.from({ length: 20 }, (_, index) => `item-${String(100 + ((index * 61) % 800)).padStart(4, '0')}`);
  const scores = items.map((_, index) => 0.94 * 0.93 ** index);
  const file = (bytes: number) => ({ sha256: '4be1d09f'.repeat(8), bytes });
  return {
    status: 'explained',
    requestId,
    usecase: 'retail',
    kind: 'recommender',
    model: 'retail-recommender',
    at: '2026-03-14T09:30:11.204518Z',
    unitId: `3f3a9c1b${'7c0de5'.repeat(9)}`,
    version: 3,
    subject: '9b1c44d2e07a55c1d2f0',
    answer: {
      items,
      scores,
      k: 20,
      exclude: [],
      fallback: null,
      reason: null,
      coldStart: false,
      confidence: 0.613,
      latencyMs: 2.31,
    },
    position: { topic: 'retail.click', partition: 2, beforeOffset: 104_512 },
    events: Array.from({ length: 9 }, (_, index) => ({
      partition: 2,
      offset: 104_300 + index * 23,
      id: `e-${index}`,
      time: `2026-03-14T09:${String(10 + index * 2)}:04.000000Z`,
      values: { item_id: `item-0${100 + index * 17}`, kind: index % 4 === 3 ? 'basket' : 'view', price: 12.5 + index },
    })),
    features: [
      { name: 'user_activity.events_30d', served: 41, recomputed: 41, equal: true },
      { name: 'user_activity.mean_price_1d', served: 18.442, recomputed: 18.442, equal: true },
      { name: 'user_activity.recent_items', served: items.slice(0, 8), recomputed: items.slice(0, 8), equal: true },
    ],
    embeddings: [{ name: 'user_taste.taste', found: true, dimensions: 32, learntAt: '2026-03-14T03:11:52.000000Z' }],
    release: {
      files: {
        'model.onnx': file(412_330),
        'model.json': file(98_112),
        'profile.json': file(4_120),
        'card.md': file(2_900),
      },
      dataset: {
        tables: { 'retail.click': 182, 'retail.item': 1 },
        rows: 402_118,
        queryHash: 'c91a55e0'.repeat(8),
        until: 1_773_480_000_000_000,
        note: undefined,
      },
      featureViews: {},
      codeCommit: '8d1f0c2',
    },
    recomputed: { items, scores, sameItems: true, largestDifference: 0, equal: true },
    verified: true,
  };
}

/** How a scripted decision came about. */
export function decided(requestId: string): Explained {
  const shop = explained(requestId);
  const [items, scores] = [['review'], [0.2317]];
  return {
    ...shop,
    usecase: 'fraud',
    kind: 'classifier',
    model: 'fraud-classifier',
    answer: { ...shop.answer, items, scores, k: 1, confidence: 0.2317 },
    position: { topic: 'fraud.order', partition: 2, beforeOffset: 8_204 },
    events: shop.events.map((event, index) => ({ ...event, values: { goods: 'fashion', amount: 38.5 + index } })),
    features: [
      { name: 'user_orders.orders_1h', served: 2, recomputed: 2, equal: true },
      { name: 'user_orders.mean_amount_30d', served: 41.07, recomputed: 41.07, equal: true },
      { name: 'order.amount', served: 88.2, recomputed: 88.2, equal: true },
      { name: 'order.goods', served: 'electronics', recomputed: 'electronics', equal: true },
    ],
    embeddings: [],
    release: shop.release && {
      ...shop.release,
      dataset: { ...shop.release.dataset, tables: { 'fraud.order': 182, 'fraud.outcome': 181 } },
    },
    recomputed: { items, scores, sameItems: true, largestDifference: 0, equal: true },
  };
}
