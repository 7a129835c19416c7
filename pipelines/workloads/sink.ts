import type { Logger } from 'pino';
import { Registry as Metrics } from 'prom-client';
import type { Clock } from '../../app/clock/port.ts';
import type { Membership } from '../../app/ingestion/event-log/port.ts';
import { ensureTopics, eventTopic, predictionTopic } from '../../app/ingestion/topics.ts';
import { decodeEvent, eventTable, predictionTable, quarantineTable } from '../../app/lake/event-table.ts';
import { type LakeSink, startLakeSink } from '../../app/lake/sink.ts';
import { lagMetric } from '../../app/monitoring/metrics.ts';
import type { Ports } from '../../app/runtime.ts';
import { decodePrediction } from '../../app/serving/prediction.ts';
import type { EventType } from '../../app/usecases/event.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { auditBatch } from '../../app/validation/batch.ts';
import { loadProfile } from '../../app/validation/profile-store.ts';
import type { ReferenceProfile } from '../../app/validation/reference-profile.ts';
import { groupOf } from '../../app/workloads.ts';
import { openProbes } from './probes.ts';
import { shareProgress } from './progress.ts';
import type { RunningWorkload, WorkloadOptions } from './running.ts';

interface SinkOptions extends Pick<Ports, 'log' | 'lake'> {
  readonly usecase: UseCase;
  /** With whom it shares the topics. @default nobody */
  readonly members?: Membership;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Moves an event's topic into its table. Each batch is judged, against `reference` where there is one by then. */
export function startEventSink(
  { usecase, log, members, lake, clock, logger }: SinkOptions,
  event: EventType,
  reference: () => ReferenceProfile | undefined,
): Promise<LakeSink> {
  return startLakeSink({
    log,
    members,
    lake,
    topic: eventTopic(usecase, event.name),
    table: eventTable(usecase, event),
    quarantine: quarantineTable(usecase, event),
    decode: decodeEvent(event),
    audit: (rows) => {
      const known = reference();
      const verdict = auditBatch(event, rows as Parameters<typeof auditBatch>[1], {
        clock,
        ...(known === undefined ? {} : { reference: known }),
      });
      if (verdict.warnings.length > 0) logger.warn({ event: event.name, warnings: verdict.warnings }, 'batch audit warns');
      return { passed: verdict.passed, reason: verdict.faults.map(({ field, reason }) => `${field}: ${reason}`).join('; ') };
    },
    clock,
    logger,
  });
}

/** Moves answers into their table. */
export const startPredictionSink = ({ usecase, log, members, lake, clock, logger }: SinkOptions): Promise<LakeSink> =>
  startLakeSink({
    log,
    members,
    lake,
    topic: predictionTopic(usecase),
    table: predictionTable(usecase),
    decode: decodePrediction,
    clock,
    logger,
  });

/** How long a profile is used before it is read anew. */
const PROFILE_MS = 10 * 60_000;

/** All sinks of a use case, each replica for its share of the partitions. */
export async function startSinking({ runtime, usecase, port, host }: WorkloadOptions): Promise<RunningWorkload> {
  const { clock, logger } = runtime;
  const [log, lake, objects] = [await runtime.use('log'), await runtime.use('lake'), await runtime.use('objects')];
  const topics = [...usecase.events.map(({ name }) => eventTopic(usecase, name)), predictionTopic(usecase)];
  await ensureTopics(usecase, log, topics);
  const references = new Map<string, ReferenceProfile>();
  const readProfiles = async () => {
    for (const event of usecase.events) {
      const known = await loadProfile(objects, usecase, event);
      if (known !== undefined) references.set(event.name, known);
    }
  };
  await readProfiles();
  const members = await log.join(groupOf(usecase, 'sink'), topics);
  const again = setInterval(
    () => readProfiles().catch((err: unknown) => logger.error({ err }, 'the reference profiles could not be read')),
    PROFILE_MS,
  );
  const sinks = new Map<string, LakeSink>();
  const metrics = new Metrics();
  const ready = async () => {
    for (const sink of sinks.values()) await sink.lag();
    return true;
  };
  const probes = openProbes({ port, host, logger, metrics, ready });
  const close = async () => {
    clearInterval(again);
    await probes.close();
    for (const sink of sinks.values()) await sink.close();
  };
  try {
    const options = { usecase, log, members, lake, clock, logger };
    for (const event of usecase.events) {
      const topic = eventTopic(usecase, event.name);
      sinks.set(topic, await startEventSink(options, event, () => references.get(event.name)));
    }
    sinks.set(predictionTopic(usecase), await startPredictionSink(options));
    lagMetric(metrics, Object.fromEntries([...sinks].map(([topic, sink]) => [`lake ${topic}`, sink.lag])));
    const followers = [...sinks].map(([topic, { positions }]) => ({
      topic,
      group: groupOf(usecase, 'sink'),
      position: positions,
    }));
    const progress = shareProgress({ log, logger, followers, members });
    const url = await probes.listen().catch(async (cause: unknown) => {
      await progress.close();
      throw cause;
    });
    return {
      url,
      metrics,
      async close() {
        await close();
        await progress.close();
        await members.leave();
      },
    };
  } catch (cause) {
    await close();
    await members.leave();
    throw cause;
  }
}
