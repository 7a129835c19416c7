import { type SettableClock, systemClock } from '../../app/clock/embedded.ts';
import { type LakeCare, startLakeCare } from '../../app/lake/care.ts';
import type { OpenDrift } from '../../app/monitoring/drift.ts';
import type { Monitor } from '../../app/monitoring/monitor.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import type { Runtime } from '../../app/runtime.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { retrain } from '../retrain.ts';
import { embeddedRunner } from '../runners/embedded.ts';
import type { PipelineRunner, RunProgress } from '../runners/port.ts';
import { askingOf } from './asking.ts';
import { watchMemory } from './memory.ts';
import { openPlatform, type Platform } from './platform.ts';
import { type Retraining, retraining } from './retraining.ts';
import type { VisitSource } from './source.ts';
import { startTraffic, type Traffic } from './traffic.ts';

export interface LoopOptions {
  readonly runtime: Runtime;
  readonly clock: SettableClock;
  readonly usecase: UseCase;
  readonly source: VisitSource;
  readonly ports: { readonly collector: number; readonly serving: number };
  readonly host: string;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** A running loop on one machine: the platform, its retraining, and the visitors. */
export interface Loop {
  readonly options: LoopOptions;
  readonly platform: Platform;
  readonly runner: PipelineRunner;
  readonly retraining: Retraining;
  monitor(): Monitor | undefined;
  traffic(): Traffic | undefined;
  /** The first drift that was detected since the loop runs: the one that a turn reports. */
  drift(): OpenDrift | undefined;
  newestProgress(): RunProgress | undefined;
  /** Settles once the runs that an earlier process left are finished or have failed. */
  readonly resumed: Promise<unknown>;
  /** Lets the clock run, the consumers stream and the visitors come. */
  goLive(): Promise<void>;
  /** Lets a season end from time to time, so that the loop has something to notice. Without effect on a real stream. */
  keepTurning(): void;
  peakRssMb(): number;
  /** Aborted once the loop closes: nobody waits for it any more. */
  readonly closing: AbortSignal;
  close(): Promise<void>;
}

/** Wall time of a simulated season once the first turn is over. */
const SEASON_MS = 10 * 60_000;

/** The setting that says when the files of the lake were last cared for. */
const CARE = 'lake.care';
/** The setting that says where the stream stands. */
export const POSITION = 'loop.position';

export async function openLoop(options: LoopOptions): Promise<Loop> {
  const { runtime, usecase, source, clock } = options;
  const platform = await openPlatform({ runtime, usecase, ports: options.ports, host: options.host });
  const { metadata, audit } = platform.ports;
  let progress: RunProgress | undefined;
  const runner = embeddedRunner({
    dataDir: runtime.dataDir,
    usecase: usecase.name,
    metadata,
    clock,
    onProgress: (newest) => {
      progress = newest;
      options.onProgress?.(newest);
    },
  });
  const memory = watchMemory(() => runner.pids());
  const retrainings = retraining({ usecase, runner, metadata, audit, clock });
  let monitor: Monitor | undefined;
  let traffic: Traffic | undefined;
  let drift: OpenDrift | undefined;
  let seasons: NodeJS.Timeout | undefined;
  let care: LakeCare | undefined;
  const closing = new AbortController();

  const savedPosition = async () => Math.max(source.liveFrom, Number((await readSetting(metadata, POSITION)) ?? 0));

  // A retraining that a crash cut short goes on from its last finished step.
  const resumed = runner.resume(retrain).catch((cause: unknown) => {
    runtime.logger.error({ err: cause }, 'a run left by an earlier process failed');
  });

  return {
    options,
    platform,
    runner,
    retraining: retrainings,
    monitor: () => monitor,
    traffic: () => traffic,
    drift: () => drift,
    newestProgress: () => progress,
    resumed,
    async goLive() {
      await resumed;
      await retrainings.recall();
      const from = await savedPosition();
      clock.set({ from, since: systemClock.now(), rate: source.rate });
      monitor = await platform.startStreaming((ask) => {
        const run = retrainings.answer(ask);
        if (run === undefined) return;
        drift ??= ask.drift;
        run.catch((cause: unknown) => runtime.logger.error({ err: cause }, 'retraining failed'));
      });
      traffic = startTraffic({
        source,
        clock,
        collector: platform.collector,
        serving: platform.serving,
        from,
        onPosition: (at) => void saveSetting(metadata, POSITION, String(at)),
        asking: askingOf(usecase),
      });
      care = startLakeCare({
        lake: platform.ports.lake,
        clock,
        logger: runtime.logger,
        last: Number((await readSetting(metadata, CARE)) ?? from),
        onRound: (at) => saveSetting(metadata, CARE, String(at)),
      });
    },
    keepTurning() {
      seasons = setInterval(() => source.shiftSeason?.(clock.now()), SEASON_MS);
    },
    peakRssMb: () => Math.round(memory.peakBytes() / 2 ** 20),
    closing: closing.signal,
    async close() {
      closing.abort();
      clearInterval(seasons);
      // Visitors first, then those who serve them, so that nothing asked is left unanswered.
      await traffic?.close();
      await care?.close();
      await runner.close();
      await platform.close();
      memory.close();
    },
  };
}
