import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DAY } from '../../app/clock/port.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { embeddingTable, eventTable, quarantineTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import type { LakeRow } from '../../app/lake/port.ts';
import type { Interaction } from '../../app/training/interactions.ts';
import { type TrainOptions, train } from '../../app/training/train.ts';
import { als } from '../../app/usecases/model.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { activity, taste } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';

export const view = { ...taste, dimensions: 8 };

/** The retail use case, small: 8 factors, three trials. */
export const shop: RecommenderUseCase = {
  ...retail,
  views: [activity, view],
  model: {
    ...retail.model,
    trainer: als({
      factors: [8],
      regularization: [0.05, 5],
      alpha: [10],
      iterations: [5],
      popularityBlend: [0, 0.05],
      maxTrials: 3,
    }),
    folds: { count: 3, horizon: '2d' },
    profileRows: 150,
  },
  monitors: { ...retail.monitors, window: 60 },
};

export const CHECKPOINTS = 'checkpoints/shop/';
export const NOW = 1_021 * DAY;
const KIND: Readonly<Record<number, string>> = { 1: 'view', 3: 'basket', 5: 'purchase' };
const table = eventTable(shop, click);

export async function openShop(dir: string) {
  const objects = await openEmbeddedObjects(join(dir, 'objects'));
  const clock = { now: () => NOW };
  const lake = await openEmbeddedLake(objects, { scratchDir: join(dir, 'scratch'), clock });
  const keys = await openEmbeddedKeys(join(dir, 'keys'));
  const logger = pino({ level: 'silent' });
  let offset = 0;
  const rowOf = async ({ user, item, weight, at }: Interaction): Promise<LakeRow> => {
    const { pseudonym } = await keys.subject(user);
    offset += 1;
    return {
      event_id: `e${offset}`,
      user_id: pseudonym,
      session_id: 's',
      item_id: item,
      kind: KIND[weight] ?? 'view',
      price: 10 + (offset % 7),
      address: null,
      event_time: at,
      _partition: 0,
      _offset: offset,
      _ingested_at: NOW,
    };
  };
  return {
    lake,
    keys,
    objects,
    train: (options: Partial<TrainOptions<RecommenderUseCase>> = {}) =>
      train({ usecase: shop, lake, objects, keys, clock, logger, codeCommit: 'abc', ...options }),
    /** One commit of clicks; resolves to the table's version. */
    async click(rows: readonly Interaction[]): Promise<number> {
      await lake.ensureTable(table);
      await keys.prepare([...new Set(rows.map(({ user }) => user))]);
      const staged = await lake.stage(table.name, await Promise.all(rows.map(rowOf)));
      return (await lake.commit(table.name, { operation: 'WRITE', add: [staged] })).version;
    },
    async quarantine(rows: readonly Interaction[]): Promise<void> {
      const held = quarantineTable(shop, click);
      await lake.ensureTable(held);
      const late = (await Promise.all(rows.map(rowOf))).map((row) => ({ ...row, _ingested_at: NOW + 1, _reason: 'outliers' }));
      await lake.commit(held.name, { operation: 'WRITE', add: [await lake.stage(held.name, late)] });
    },
    vectors: (unit: string) =>
      lake.query<{ readonly user_id: string; readonly vector: Buffer }>(
        `select user_id, vector from retail.user_taste where _unit = $unit order by user_id`,
        { params: { unit } },
      ),
    embeddings: embeddingTable(shop, view).name,
    async close() {
      await lake.close();
      await keys.close();
    },
  };
}

/** A shop in a temporary folder, which `end` deletes. */
export async function freshShop() {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-training-'));
  const opened = await openShop(dir);
  return {
    ...opened,
    dir,
    async end() {
      await opened.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
