import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { EventLog, LogRecord } from '../ingestion/event-log/port.ts';
import { tracedHeaders, untraced } from '../monitoring/tracing/span.ts';
import { servingError } from './errors.ts';
import type { ServingMetrics } from './metrics.ts';
import type { Prediction } from './prediction.ts';

export interface PredictionLog {
  /**
   * Takes a prediction. Resolves at once while the buffer has room, else when it has room again: a full buffer makes
   * requests wait, it never drops a record.
   */
  append(prediction: Prediction): Promise<void>;
  /** Resolves when everything taken so far is durable. */
  flushed(): Promise<void>;
  /** Writes what is buffered. @throws MR_SERVING_LOG_STUCK when the log fails for longer than `closeTimeoutMs` */
  close(): Promise<void>;
}

export interface PredictionLogOptions {
  readonly log: EventLog;
  readonly topic: string;
  readonly logger: Logger;
  readonly metrics: Pick<ServingMetrics, 'logBuffered' | 'logSeconds'>;
  /** Most records held. @default 8192 */
  readonly capacity?: number;
  /** Longest time a record waits for others before it is written. @default 20 */
  readonly lingerMs?: number;
  /** @default 10_000 */
  readonly closeTimeoutMs?: number;
}

const MAX_BATCH = 512;
const RETRY_MS = [50, 200, 1_000, 5_000];

/** Writes predictions to the event log in batches, off the path of the requests. A failed write is tried again. */
export function openPredictionLog(options: PredictionLogOptions): PredictionLog {
  const { log, topic, logger, metrics, capacity = 8192, lingerMs = 20, closeTimeoutMs = 10_000 } = options;
  const buffer: LogRecord[] = [];
  let roomWaiters: (() => void)[] = [];
  let writing: Promise<void> | undefined;
  let closing: AbortController | undefined;

  async function write(): Promise<void> {
    if (closing === undefined) await sleep(lingerMs);
    for (let failures = 0; buffer.length > 0; ) {
      const batch = buffer.slice(0, MAX_BATCH);
      const started = performance.now();
      try {
        await log.append(topic, batch);
        failures = 0;
      } catch (error) {
        logger.error({ err: error, buffered: buffer.length }, 'predictions could not be written, trying again');
        if (closing?.signal.aborted) throw error;
        await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
        failures += 1;
        continue;
      }
      metrics.logSeconds.observe((performance.now() - started) / 1000);
      buffer.splice(0, batch.length);
      metrics.logBuffered.set(buffer.length);
      const waiters = roomWaiters;
      roomWaiters = [];
      for (const wake of waiters) wake();
    }
  }

  function start(): Promise<void> {
    // Of no request: it writes what many have left.
    writing ??= untraced(write).then(() => {
      writing = undefined;
      // A record may have come between the last look at the buffer and here.
      return buffer.length > 0 ? start() : undefined;
    });
    writing.catch(() => {
      writing = undefined;
    });
    return writing;
  }

  return {
    async append(prediction) {
      while (buffer.length >= capacity) await new Promise<void>((wake) => roomWaiters.push(wake));
      const headers = tracedHeaders();
      const value = Buffer.from(JSON.stringify(prediction));
      buffer.push({ key: prediction.user_id ?? prediction.request_id, value, ...(headers && { headers }) });
      metrics.logBuffered.set(buffer.length);
      // A failure is logged where it happens and shows again at close.
      start().catch(() => undefined);
    },
    async flushed() {
      while (buffer.length > 0 || writing !== undefined) await start();
    },
    async close() {
      closing = new AbortController();
      const timer = setTimeout(() => closing?.abort(), closeTimeoutMs);
      try {
        while (buffer.length > 0 || writing !== undefined) await start();
      } catch (error) {
        throw servingError('MR_SERVING_LOG_STUCK', `${buffer.length} predictions could not be written to ${topic}`, {
          cause: error,
        });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
