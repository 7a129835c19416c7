import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { DAY, type Micros, SECOND } from '../../../app/clock/port.ts';
import { openEmbeddedAudit } from '../../../app/governance/audit-sink/embedded.ts';
import { openEmbeddedKeys } from '../../../app/governance/keys/embedded.ts';
import { sealRow } from '../../../app/governance/seal.ts';
import { openEmbeddedLake } from '../../../app/lake/embedded.ts';
import { eventTable } from '../../../app/lake/event-table.ts';
import { openEmbeddedObjects } from '../../../app/lake/object-store/embedded.ts';
import type { LakeRow } from '../../../app/lake/port.ts';
import { openEmbeddedMetadata } from '../../../app/registry/metadata/embedded.ts';
import { openRegistry } from '../../../app/registry/registry.ts';
import { type TrainOptions, train } from '../../../app/training/train.ts';
import { fraud } from '../../../app/usecases/fraud/usecase.ts';
import { boostedTrees } from '../../../app/usecases/model.ts';
import type { SimulatedEvent } from '../../../app/usecases/simulation.ts';
import type { ClassifierUseCase } from '../../../app/usecases/usecase.ts';
import { admit } from '../../../app/validation/door.ts';

/** The fraud use case with little to search and a day to learn from. */
export const small: ClassifierUseCase = {
  ...fraud,
  model: {
    ...fraud.model,
    trainer: boostedTrees({ trees: [20], depth: [3], learningRate: [0.2], maxTrials: 1 }),
    folds: { count: 2, horizon: '4h' },
    profileRows: 200,
  },
  gate: { ...fraud.gate, ceilings: { ece: 0.2 }, segmentFloors: {} },
  serving: { ...fraud.serving, storeTimeoutMs: 2_000, rateLimit: { perSecond: 1e6, burst: 1e6 } },
  monitors: { ...fraud.monitors, window: 60 },
};

export const NOW: Micros = 20_000 * DAY;

/** A lake in a temporary folder with the use case's events in it, as door and seal leave them; `end` deletes it. */
export async function freshOrders(usecase: ClassifierUseCase, events: Iterable<SimulatedEvent>, now: Micros) {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-orders-'));
  const clock = { now: () => now };
  const objects = await openEmbeddedObjects(join(dir, 'objects'));
  const lake = await openEmbeddedLake(objects, { scratchDir: join(dir, 'scratch'), clock });
  const keys = await openEmbeddedKeys(join(dir, 'keys'));
  const audit = await openEmbeddedAudit({ dir: join(dir, 'audit'), witnessDir: join(dir, 'witness'), keys, clock });
  const metadata = await openEmbeddedMetadata(join(dir, 'metadata.sqlite'));
  const registry = openRegistry({ metadata, objects, keys, audit, clock });
  const all = [...events];
  await keys.prepare([...new Set(all.map(({ subject }) => subject))]);
  for (const type of usecase.events) {
    const rows: LakeRow[] = [];
    for (const { event, wire } of all) {
      if (event !== type.name) continue;
      const admitted = admit(type, wire, clock);
      if (!admitted.ok) continue;
      rows.push({
        ...(await sealRow(type, admitted.row, keys)),
        _partition: 0,
        _offset: rows.length,
        _ingested_at: now + SECOND,
      });
    }
    const table = eventTable(usecase, type);
    await lake.ensureTable(table);
    if (rows.length > 0) await lake.commit(table.name, { operation: 'WRITE', add: [await lake.stage(table.name, rows)] });
  }
  return {
    dir,
    lake,
    keys,
    objects,
    audit,
    registry,
    clock,
    train: (of: ClassifierUseCase = usecase, more: Partial<TrainOptions> = {}) =>
      train({ lake, objects, keys, clock, logger: pino({ level: 'silent' }), codeCommit: 'abc', ...more, usecase: of }),
    async end() {
      await lake.close();
      await metadata.close();
      await audit.close();
      await keys.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
