import { checkUseCase } from '../../app/usecases/check.ts';
import { defineTable } from '../../app/usecases/event.ts';
import { text } from '../../app/usecases/field.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { DatabaseSource, UseCase } from '../../app/usecases/usecase.ts';

const product = defineTable({ name: 'product', key: 'product_id', fields: { product_id: text({ class: 'public' }) } });
const store = defineTable({ name: 'store', key: 'store_id', fields: { store_id: text({ class: 'internal' }) } });

export const ORDERS: DatabaseSource = {
  kind: 'database',
  engine: 'postgres',
  name: 'orders-db',
  tables: [
    { from: 'public.product', into: 'product' },
    { from: 'sales.store', into: 'store' },
  ],
};

/** A use case that follows a database, beside all that retail does. */
export const shop: UseCase = {
  ...retail,
  name: 'shop',
  tables: [...retail.tables, product, store],
  sources: [...retail.sources, ORDERS],
};
checkUseCase(shop);

/** Where it is, as an environment's dials say it. */
export const CHANGE_CAPTURE = {
  image: `registry.example.org/millrace/connect@sha256:${'2'.repeat(64)}`,
  databases: {
    'shop-orders-db': {
      host: 'orders.example.org',
      port: 5432,
      database: 'orders',
      secretStore: 'platform',
      ranges: ['10.2.0.0/24'],
    },
  },
};
