import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { Assignment, EventLog, Membership } from '../ingestion/event-log/port.ts';
import { eventTopic, topicsOf } from '../ingestion/topics.ts';
import { pause, Waiters } from '../lake/sink-wait.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { applyRecords } from './apply-records.ts';
import { STREAMED } from './backfill.ts';
import type { OnlineStore } from './online-store/port.ts';
import { planOf } from './plan.ts';
import { consumerName } from './view-hash.ts';

export { type Backfill, type BackfillProgress, backfill } from './backfill.ts';
export { materializeEmbedding } from './materialize-embedding.ts';

export interface MaterializerOptions {
  readonly usecase: UseCase;
  readonly view: FeatureView;
  readonly log: EventLog;
  /** With whom it shares the topic. @default every partition is its own */
  readonly members?: Membership | undefined;
  readonly online: OnlineStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Entities whose events are passed over: what lies in the log of an erased subject must not come back. @default none */
  readonly erased?: () => Promise<ReadonlySet<string>>;
  /** Most records of one write. @default 1000 */
  readonly maxRecords?: number;
}

export interface Materializer {
  /** Resolves once every record that its partitions hold now is in the online store. Rejects when writes keep failing. */
  caughtUp(): Promise<void>;
  /** Records of its partitions that are not in the online store yet. */
  lag(): Promise<number>;
  /** Next offset of each partition that is not applied yet, of those of others what it saw last; empty before the first look. */
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
 * and read back from there, so a process killed anywhere counts each event once. An entity's events are of one partition, so
 * replicas that share the topic write rows apart; whoever still writes for a partition that it lost is refused by its offset.
 * @throws MR_FEATURES_VIEW_INVALID
 */
export function startMaterializer(options: MaterializerOptions): Materializer {
  const { usecase, view, log, members, online, clock, logger, maxRecords = 1000 } = options;
  planOf(view);
  const topic = eventTopic(usecase, view.source.name);
  const stop = new AbortController();
  const waiters = new Waiters();
  let positions: number[] = [];
  let own: readonly number[] = [];
  const alone: Assignment = { partitions: () => [...positions.keys()], over: stop.signal };
  /** What the positions were looked up for; undefined where they are to be looked up again. */
  let taken: Assignment | undefined;
  let newest: Micros | undefined;

  async function begin(assignment: Assignment): Promise<void> {
    for (const spec of topicsOf(usecase)) if (spec.name === topic) await log.ensureTopic(spec);
    const consumer = consumerName(view);
    const known = await online.offsets(consumer);
    positions = (await log.endOffsets(topic)).map((_, partition) => known.get(partition) ?? 0);
    own = assignment.partitions(topic);
    // From here on a fill that is still under way would write old rows over new ones.
    if (own.length > 0 && known.get(STREAMED) !== 1)
      await online.write({ rows: [], offsets: { consumer, next: new Map([[STREAMED, 1]]) } });
    taken = assignment;
  }

  /** What is another's counts as reached: nobody waits here for it. */
  const reached = (): readonly number[] =>
    positions.map((next, partition) => (own.includes(partition) ? next : Number.POSITIVE_INFINITY));

  async function advance(partition: number): Promise<number> {
    const records = await log.read(topic, partition, positions[partition] ?? 0, maxRecords);
    if (records.length === 0) return 0;
    const applied = await applyRecords(options, partition, records);
    positions[partition] = applied.nextOffset;
    newest = Math.max(newest ?? applied.newest, applied.newest);
    return records.length;
  }

  async function pass(): Promise<void> {
    const now = members?.assignment() ?? alone;
    if (taken !== now) await begin(now);
    const until = AbortSignal.any([stop.signal, now.over]);
    let moved = 0;
    for (const partition of own) if (!until.aborted) moved += await advance(partition);
    if (own.length > 0) waiters.reached(reached());
    if (moved === 0) await log.waitForMore(topic, reached(), until);
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await pass();
        failures = 0;
      } catch (error) {
        failures++;
        // What the store holds may be less than was written: a fail-over can lose the last of it.
        taken = undefined;
        logger.error({ err: error, view: view.name, failures }, 'online features: a write failed, trying again');
        if (failures >= TELL_AFTER) waiters.fail(error);
        await pause(Math.min(50 * 2 ** failures, LONGEST_PAUSE_MS), stop.signal);
      }
    }
  }

  const running = run();
  return {
    caughtUp: async () => waiters.until(await log.endOffsets(topic), own.length > 0 ? reached() : positions),
    async lag() {
      const ends = await log.endOffsets(topic);
      return (taken === undefined && own.length === 0 ? [...ends.keys()] : own).reduce(
        (sum, partition) => sum + (ends[partition] ?? 0) - (positions[partition] ?? 0),
        0,
      );
    },
    positions: () => positions,
    freshness: () => (newest === undefined ? undefined : clock.now() - newest),
    async close() {
      stop.abort();
      await running;
    },
  };
}
