import type { Logger } from 'pino';
import type { Clock, Micros } from '../clock/port.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { EventLog, StoredRecord } from '../ingestion/event-log/port.ts';
import { predictionTopic } from '../ingestion/topics.ts';
import type { Metadata } from '../registry/metadata/port.ts';
import { readSetting, saveSetting } from '../registry/metadata/settings.ts';
import type { Prediction } from '../serving/prediction.ts';
import type { Row } from '../usecases/event.ts';
import type { UseCase } from '../usecases/usecase.ts';
import {
  type DriftAsk,
  type DriftChange,
  type DriftReading,
  type DriftWindows,
  driftState,
  driftWindows,
  type Observed,
  type OpenDrift,
} from './drift.ts';
import type { HitRate } from './labels.ts';
import { liveLabels } from './live.ts';
import type { MonitorMetrics } from './metrics.ts';
import type { Sketch } from './sketch.ts';

export interface MonitorOptions {
  readonly usecase: UseCase;
  readonly log: EventLog;
  readonly metadata: Metadata;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MonitorMetrics;
  /** Reference profile of a release, by unit id; undefined where there is none. */
  readonly profile: (unitId: string) => Promise<Readonly<Record<string, Sketch>> | undefined>;
  /** Called with each drift when it is detected, and again with each window that leaves it open. */
  readonly onDrift: (ask: DriftAsk) => void;
}

export interface MonitorState {
  /** Newest reading of each monitored value, and the ones before it (at most 200), oldest first. */
  readonly readings: ReadonlyMap<string, readonly DriftReading[]>;
  readonly open: readonly OpenDrift[];
  /** When the newest drift of each value healed. */
  readonly healed: ReadonlyMap<string, Micros>;
  readonly predictions: number;
  /** How full the present window is, 0 to 1. */
  readonly windowFill: number;
  readonly hitRate: HitRate;
  readonly hitRateByVersion: Readonly<Record<number, HitRate>>;
}

export interface Monitor {
  state(): MonitorState;
  /** Next offset of each partition of a topic that it has not read yet. */
  positions(topic: string): readonly number[];
  /** False once it has stopped, by a failure too. */
  watching(): boolean;
  close(): Promise<void>;
}

/** Topics that it reads: answers, and the events that labels are made of. */
export const watchedTopics = (usecase: UseCase): readonly string[] => [
  predictionTopic(usecase),
  ...Object.keys(liveLabels(usecase).topics),
];

const BATCH = 500;
const KEPT_READINGS = 200;

/** What survives a restart: where the monitor stood when its last window closed, and which drifts were open. */
interface Saved {
  readonly offsets: Readonly<Record<string, readonly number[]>>;
  readonly open: readonly OpenDrift[];
  /** Drifts that ask for a retraining by that window: for those who start one elsewhere. */
  readonly asks?: readonly DriftAsk[];
}

const settingOf = (usecase: Pick<UseCase, 'name'>): string => `monitor.${usecase.name}`;

async function readSaved(metadata: Metadata, usecase: Pick<UseCase, 'name'>): Promise<Saved | undefined> {
  const text = await readSetting(metadata, settingOf(usecase));
  return text === undefined ? undefined : (JSON.parse(text) as Saved);
}

/** Drifts that asked for a retraining by the newest window that a monitor has judged. */
export const openAsks = async (metadata: Metadata, usecase: Pick<UseCase, 'name'>): Promise<readonly DriftAsk[]> =>
  (await readSaved(metadata, usecase))?.asks ?? [];

/** Watches predictions and events as they are logged: drift by windows, how well answers turn out by joined labels. */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { usecase, log, clock, metrics } = options;
  const labels = liveLabels(usecase);
  const predictionsTopic = predictionTopic(usecase);
  const topics = watchedTopics(usecase);
  const drifts = driftState(usecase.monitors.retrain.consecutiveWindows);
  const readings = new Map<string, DriftReading[]>();
  let windows: { readonly unitId: string; readonly windows: DriftWindows } | undefined;
  let predictions = 0;
  const healed = new Map<string, Micros>();

  const saved = await readSaved(options.metadata, usecase);
  drifts.restore(saved?.open ?? []);
  const offsets = new Map<string, number[]>();
  for (const topic of topics) {
    const ends = await log.endOffsets(topic);
    offsets.set(
      topic,
      ends.map((_, partition) => saved?.offsets[topic]?.[partition] ?? 0),
    );
  }

  /** Readings and offsets in one write: a window is judged once, also across a crash. */
  async function save(asks: readonly DriftAsk[]): Promise<void> {
    const now: Saved = { offsets: Object.fromEntries(offsets), open: drifts.open(), asks };
    await saveSetting(options.metadata, settingOf(usecase), JSON.stringify(now));
  }

  async function record({ kind, drift: { feature, reading } }: DriftChange): Promise<void> {
    const detail = { test: reading.test, value: reading.value, threshold: reading.threshold, version: reading.version };
    const action = `monitoring.drift.${kind === 'detected' ? 'detect' : 'heal'}`;
    await options.audit.append({ action, actor: 'workload:monitor', subject: feature, outcome: 'done', detail });
    options.logger.info({ feature, ...detail }, `drift ${kind}`);
  }

  async function judge(full: readonly DriftReading[]): Promise<void> {
    for (const reading of full) {
      const kept = readings.get(reading.feature) ?? [];
      kept.push(reading);
      readings.set(reading.feature, kept.slice(-KEPT_READINGS));
      metrics.drift(reading);
    }
    const asks: DriftAsk[] = [];
    for (const change of drifts.read(full)) {
      if (change.kind !== 'open') await record(change);
      if (change.kind === 'healed') healed.set(change.drift.feature, change.at);
      else {
        asks.push(change);
        options.onDrift(change);
      }
    }
    await save(asks);
  }

  async function windowsOf(prediction: Prediction): Promise<DriftWindows | undefined> {
    if (windows?.unitId !== prediction.unit_id) {
      const profile = await options.profile(prediction.unit_id);
      if (profile === undefined) return undefined;
      const { drift: monitors, window: size } = usecase.monitors;
      windows = { unitId: prediction.unit_id, windows: driftWindows({ monitors, size, profile, version: prediction.version }) };
    }
    return windows.windows;
  }

  async function predicted(record: StoredRecord): Promise<void> {
    const prediction = JSON.parse(record.value.toString('utf8')) as Prediction;
    predictions += 1;
    metrics.prediction(prediction);
    if (prediction.fallback !== null) return;
    labels.answered(prediction);
    const features = JSON.parse(prediction.features) as Readonly<Record<string, Observed | undefined>>;
    // A stranger has a voice too: the profile knows first events as well.
    const voice = prediction.user_id ?? prediction.request_id;
    const judged = (await windowsOf(prediction))?.observe(voice, prediction.at, (feature) =>
      feature === 'prediction.confidence' ? prediction.confidence : features[feature],
    );
    if (judged !== undefined) await judge(judged);
  }

  async function drainEvents(): Promise<boolean> {
    let moved = false;
    for (const [topic, take] of Object.entries(labels.topics)) {
      const acted = await drain(topic, ({ value }) => take(JSON.parse(value.toString('utf8')) as Row));
      moved ||= acted;
    }
    return moved;
  }

  async function drain(topic: string, take: (record: StoredRecord) => Promise<void> | void): Promise<boolean> {
    const at = offsets.get(topic) ?? [];
    let moved = false;
    for (const [partition, offset] of at.entries()) {
      for (const record of await log.read(topic, partition, offset, BATCH)) {
        at[partition] = record.offset + 1;
        await take(record);
        moved = true;
      }
    }
    return moved;
  }

  const stop = new AbortController();
  const finished = (async () => {
    while (!stop.signal.aborted) {
      // Answers first: an event is joined to the answers before it.
      const answered = await drain(predictionsTopic, predicted);
      const acted = await drainEvents();
      labels.mature();
      metrics.hitRate(labels);
      if (answered || acted) continue;
      const round = new AbortController();
      const signal = AbortSignal.any([stop.signal, round.signal]);
      await Promise.race(topics.map((topic) => log.waitForMore(topic, offsets.get(topic) ?? [], signal)));
      round.abort();
    }
  })();
  let failed = false;
  finished.catch(() => {
    failed = true;
  });
  finished.catch((cause) => options.logger.error({ err: cause, at: clock.now() }, 'monitor stopped'));

  return {
    positions: (topic) => offsets.get(topic) ?? [],
    watching: () => !failed && !stop.signal.aborted,
    state: () => ({
      readings,
      open: drifts.open(),
      healed,
      predictions,
      windowFill: windows?.windows.fill() ?? 0,
      hitRate: labels.hitRate(),
      hitRateByVersion: Object.fromEntries(labels.versions().map((version) => [version, labels.hitRate(version)])),
    }),
    async close() {
      stop.abort();
      await finished.catch(() => undefined);
    },
  };
}
