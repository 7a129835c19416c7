import type { LakeRow, TableSpec } from '../../app/lake/port.ts';

export const everyType: TableSpec = {
  name: 'shop.event',
  columns: [
    { name: 'id', type: 'string', nullable: false },
    { name: 'count', type: 'long', nullable: true },
    { name: 'price', type: 'double', nullable: true },
    { name: 'seen', type: 'boolean', nullable: true },
    { name: 'at', type: 'timestamp', nullable: true },
    { name: 'sealed', type: 'binary', nullable: true },
    { name: 'items', type: 'string[]', nullable: true },
    { name: 'vector', type: 'float[]', nullable: true },
  ],
};

export const nothing = { count: null, price: null, seen: null, at: null, sealed: null, items: null, vector: null };
export const full: LakeRow = {
  id: 'grüße 💧',
  count: 9_007_199_254_740_993n,
  price: -0.1,
  seen: false,
  at: 1_767_225_600_123_456,
  sealed: Buffer.from([0, 255, 10]),
  items: ['a', '', 'ü"\\\n'],
  vector: [0.5, -1.25, 3],
};

export const idsOf = (rows: readonly LakeRow[]) => rows.map(({ id }) => id);
