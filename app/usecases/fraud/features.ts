import { defineEntity, defineFeatureView, over, ratio } from '../feature.ts';
import { order, outcome } from './events.ts';

export const user = defineEntity({ name: 'user', joinKey: 'user_id' });

const orders = over(order);
const outcomes = over(outcome);

/** How a user has ordered, as known just before the order that is judged. */
export const ordering = defineFeatureView({
  name: 'user_orders',
  entity: user,
  source: order,
  owner: 'payments-ml',
  features: {
    orders_1h: orders.count({ over: '1h' }),
    orders_1d: orders.count({ over: '1d' }),
    orders_30d: orders.count({ over: '30d' }),
    amount_1d: orders.sum('amount', { over: '1d' }),
    mean_amount_30d: orders.mean('amount', { over: '30d' }),
    dearest_30d: orders.max('amount', { over: '30d' }),
    devices_7d: orders.distinct('device', { over: '7d' }),
    countries_7d: orders.distinct('country', { over: '7d' }),
    vouchers_1d: orders.count({ where: { goods: 'voucher' }, over: '1d' }),
    unknown_devices_1d: orders.count({ where: { device_known: false }, over: '1d' }),
    express_rate_30d: ratio(orders.count({ where: { express: true }, over: '30d' }), orders.count({ over: '30d' })),
  },
});

/** What has become of the user's orders, as far as it was known by then. */
export const repute = defineFeatureView({
  name: 'user_outcomes',
  entity: user,
  source: outcome,
  owner: 'payments-ml',
  features: {
    chargebacks_30d: outcomes.count({ where: { kind: 'chargeback' }, over: '30d' }),
    refunds_30d: outcomes.count({ where: { kind: 'refund' }, over: '30d' }),
  },
});
