import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startMaterializer } from '../../app/features/materialize.ts';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import { onlineName } from '../../app/features/view-hash.ts';
import { openEmbeddedAudit } from '../../app/governance/audit-sink/embedded.ts';
import type { ErasureOptions } from '../../app/governance/erasure.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { sealBytes } from '../../app/governance/seal.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import { openEmbeddedLake } from '../../app/lake/embedded.ts';
import { decodeEvent, embeddingTable, eventTable, predictionTable } from '../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { startLakeSink } from '../../app/lake/sink.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { activity, taste } from '../../app/usecases/retail/features.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

export const ACTIVITY = onlineName(activity);
const START = 1_767_225_600_000_000;
export const ADA = 'ada.canary@example.org';
export const BOB = 'bob.canary@example.org';
export const ADDRESS = { [ADA]: '2001:db8:cafe::ada', [BOB]: '2001:db8:cafe::b0b' } as Record<string, string>;

/** A data folder after both have clicked twice: log, lake, online rows, embeddings, predictions, one dead letter of each. */
async function shop() {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-erase-'));
  const logger = pino({ level: 'silent' });
  let now = START;
  const clock = { now: () => now++ };
  const keys = await openEmbeddedKeys(join(dataDir, 'keys'));
  const log = await openEmbeddedLog(join(dataDir, 'log'));
  const objects = await openEmbeddedObjects(join(dataDir, 'objects'));
  const lake = await openEmbeddedLake(objects, {
    scratchDir: join(dataDir, 'scratch'),
    clock,
  });
  const online = await openEmbeddedOnline(join(dataDir, 'online'));
  const audit = await openEmbeddedAudit({ dir: join(dataDir, 'audit'), witnessDir: join(dataDir, 'audit-witness'), keys, clock });
  const intake = await openIntake({ usecase: retail, log, keys, clock, logger, dedupeDir: join(dataDir, 'dedupe') });
  const wire = (user: string, n: number) => ({
    event_id: `e-${user === ADA ? 'a' : 'b'}-${n}`,
    user_id: user,
    session_id: 's',
    item_id: `item-${n}`,
    kind: 'view',
    price: 9.5,
    address: ADDRESS[user],
    event_time: new Date(START / 1000 - 60_000).toISOString(),
  });
  const people = [ADA, BOB];
  const receipts = await intake.accept(
    'click',
    people.flatMap((user) => [wire(user, 1), wire(user, 2), { ...wire(user, 3), kind: 'stare' }]),
    'test',
  );
  assert.deepEqual(
    receipts.map(({ status }) => status),
    ['accepted', 'accepted', 'refused', 'accepted', 'accepted', 'refused'],
  );

  const table = eventTable(retail, click);
  await lake.ensureTable(table);
  const sink = await startLakeSink({
    log,
    lake,
    topic: 'retail.click',
    table,
    decode: decodeEvent(click),
    clock,
    logger,
    maxWaitMs: 5,
  });
  await sink.caughtUp();
  await sink.close();
  const materializer = startMaterializer({
    usecase: retail,
    view: activity,
    log,
    online,
    clock,
    logger,
    erased: () => keys.erased(),
  });
  await materializer.caughtUp();
  await materializer.close();

  const pseudonyms = await Promise.all(people.map(async (user) => (await keys.known(user))?.pseudonym ?? ''));
  const vectors = await Promise.all(
    pseudonyms.map(async (entity) => ({
      entity,
      vector: (await sealBytes(entity, Buffer.alloc(128, 3), keys)) ?? Buffer.alloc(0),
    })),
  );
  await lake.ensureTable(embeddingTable(retail, taste));
  const staged = await lake.stage(
    'retail.user_taste',
    vectors.map(({ entity, vector }) => ({ user_id: entity, _unit: 'unit-1', vector, _learnt_at: now })),
  );
  await lake.commit('retail.user_taste', { operation: 'WRITE', add: [staged] });
  await online.write({ rows: vectors.map(({ entity, vector }) => ({ view: 'user_taste@unit-1', entity, row: vector })) });
  await lake.ensureTable(predictionTable(retail));
  const options = { usecase: retail, keys, online, lake, audit, clock, objects };
  return {
    options,
    dataDir,
    pseudonyms: { ada: pseudonyms[0] ?? '', bob: pseudonyms[1] ?? '' },
    async end() {
      await intake.close();
      for (const port of [audit, online, lake, log]) await port.close();
      await keys.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs the body in a shop of its own, and takes it away after. */
export async function inShop(body: (ground: Awaited<ReturnType<typeof shop>>) => Promise<void>): Promise<void> {
  const ground = await shop();
  try {
    await body(ground);
  } finally {
    await ground.end();
  }
}

export const withSubject = (options: Omit<ErasureOptions, 'subject'>, subject: string): ErasureOptions => ({
  ...options,
  subject,
});
