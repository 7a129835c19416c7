import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { EventLog } from '../ingestion/event-log/port.ts';
import { eventTopic, topicsOf } from '../ingestion/topics.ts';
import { pause, Waiters } from '../lake/sink-wait.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { applyRecords } from './apply-records.ts';
import type { OnlineStore } from './online-store/port.ts';
import { planOf } from './plan.ts';
import { consumerName } from './view-hash.ts';

export { type Backfill, type BackfillProgress, backfill } from './backfill.ts';
export { materializeEmbedding } from './materialize-embedding.ts';

export interface MaterializerOptions {
  readonly usecase: UseCase;
  readonly view: FeatureView;
  readonly log: EventLog;
  readonly online: OnlineStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Entities whose events are passed over: what lies in the log of an erased subject must not come back. @default none */
  readonly erased?: () => Promise<ReadonlySet<string>>;
  /** Most records of one write. @default 1000 */
  readonly maxRecords?: number;
}

export interface Materializer {
  /** Resolves once every record that the topic holds now is in the online store. Rejects when writes keep failing. */
  caughtUp(): Promise<void>;
  /** Records of the topic that are not in the online store yet. */
  lag(): Promise<number>;
  /** Next offset of each partition that is not applied yet; empty before the first look. */
  positions(): readonly number[];
  /** How far the newest applied event is behind the clock; undefined before the first one of this run. */
  freshness(): Micros | undefined;
  close(): Promise<void>;
}

/** Failures in a row after which those who wait are told; the loop goes on trying. */
const TELL_AFTER = 4;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Keeps the online rows of one windowed view up with its event's topic. Rows and offsets are written in one transaction
 * and read back from there, so a process killed anywhere counts each event once. One materializer per view at a time.
 * @throws MR_FEATURES_VIEW_INVALID
 */
export function startMaterializer(options: MaterializerOptions): Materializer {
  const { usecase, view, log, online, clock, logger, maxRecords = 1000 } = options;
  planOf(view);
  const topic = eventTopic(usecase, view.source.name);
  const stop = new AbortController();
  const waiters = new Waiters();
  let positions: number[] = [];
  let lookAgain = true;
  let newest: Micros | undefined;

  async function begin(): Promise<void> {
    for (const spec of topicsOf(usecase)) if (spec.name === topic) await log.ensureTopic(spec);
    const known = await online.offsets(consumerName(view));
    positions = (await log.endOffsets(topic)).map((_, partition) => known.get(partition) ?? 0);
    lookAgain = false;
  }

  async function advance(partition: number): Promise<number> {
    const records = await log.read(topic, partition, positions[partition] ?? 0, maxRecords);
    if (records.length === 0) return 0;
    const applied = await applyRecords(options, partition, records);
    positions[partition] = applied.nextOffset;
    newest = Math.max(newest ?? applied.newest, applied.newest);
    return records.length;
  }

  async function pass(): Promise<void> {
    if (lookAgain) await begin();
    let moved = 0;
    for (let partition = 0; partition < positions.length && !stop.signal.aborted; partition++) moved += await advance(partition);
    waiters.reached(positions);
    if (moved === 0) await log.waitForMore(topic, positions, stop.signal);
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await pass();
        failures = 0;
      } catch (error) {
        failures++;
        // What the store holds may be less than was written: a fail-over can lose the last of it.
        lookAgain = true;
        logger.error({ err: error, view: view.name, failures }, 'online features: a write failed, trying again');
        if (failures >= TELL_AFTER) waiters.fail(error);
        await pause(Math.min(50 * 2 ** failures, LONGEST_PAUSE_MS), stop.signal);
      }
    }
  }

  const running = run();
  return {
    caughtUp: async () => waiters.until(await log.endOffsets(topic), positions),
    async lag() {
      const ends = await log.endOffsets(topic);
      return ends.reduce((sum, end, partition) => sum + end - (positions[partition] ?? 0), 0);
    },
    positions: () => positions,
    freshness: () => (newest === undefined ? undefined : clock.now() - newest),
    async close() {
      stop.abort();
      await running;
    },
  };
}
