import type { Logger } from 'pino';
import { ownClock, type SettableClock, systemClock } from '../../app/clock/embedded.ts';
import { DAY, HOUR, type Micros } from '../../app/clock/port.ts';
import { type ClickFile, openClickFile } from '../../app/ingestion/file-replay.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import { openRuntime } from '../../app/runtime.ts';
import { plainSimulation } from '../../app/usecases/plain-simulation.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { pipelineError } from '../errors.ts';
import type { RunProgress } from '../runners/port.ts';
import { type Loop, openLoop, POSITION } from './loop.ts';
import { replayedSource } from './replayed.ts';
import { simulatedName, simulatedSource } from './simulated.ts';
import type { VisitSource } from './source.ts';

export type ClickFileOptions = Omit<Parameters<typeof openClickFile>[0], 'usecase'>;

export interface StartOptions {
  readonly dataDir: string;
  readonly usecase: UseCase;
  /** A person's own click file in place of the simulator. */
  readonly file?: ClickFileOptions;
  readonly ports: { readonly collector: number; readonly serving: number };
  readonly host: string;
  readonly logger: Logger;
  readonly onProgress?: (progress: RunProgress) => void;
}

/**
 * The simulated stream begins at 16:00 UTC of the day this long before the present, and runs faster until it has caught up.
 * Whenever a turn is run, its hours are an evening: at night a window of visitors takes 7 times as long.
 */
const BEHIND: Micros = 14 * DAY;
const BEGINS_AT: Micros = 16 * HOUR;

const SETTING = 'loop.source';

/** What the data folder remembers of its stream. */
interface SavedSource {
  readonly name: string;
  readonly liveFrom: Micros;
  readonly changes: readonly Micros[];
}

/** Opens a loop over a data folder, new or left by an earlier run, however that ended. */
export async function startLoop(options: StartOptions): Promise<Loop> {
  const present = systemClock.now();
  const clock = ownClock(options.dataDir, { from: present, since: present, rate: 0 });
  const runtime = openRuntime({ dataDir: options.dataDir, clock, logger: options.logger });
  try {
    const metadata = await runtime.use('metadata');
    const file = options.file === undefined ? undefined : await openClickFile({ ...options.file, usecase: options.usecase });
    const source = await chooseSource(options, file, metadata);
    // The log's lock first: the clock of a folder that another loop runs on is that loop's.
    await runtime.use('log');
    await hold(clock, source, metadata);
    return await openLoop({ ...options, usecase: file?.usecase ?? options.usecase, runtime, clock, source });
  } catch (cause) {
    await runtime.close();
    throw cause;
  }
}

/** Holds the clock where the stream stands, until it goes live. */
async function hold(clock: SettableClock, source: VisitSource, metadata: Metadata): Promise<void> {
  const position = await readSetting(metadata, POSITION);
  clock.set({ from: Math.max(source.liveFrom, Number(position ?? 0)), since: systemClock.now(), rate: 0 });
}

async function chooseSource(options: StartOptions, file: ClickFile | undefined, metadata: Metadata): Promise<VisitSource> {
  const text = await readSetting(metadata, SETTING);
  const saved = text === undefined ? undefined : (JSON.parse(text) as SavedSource);
  const save = (source: SavedSource) => saveSetting(metadata, SETTING, JSON.stringify(source));
  const source = file === undefined ? simulated(options.usecase, saved, save) : await replayedSource(file);
  if (saved !== undefined && saved.name !== source.name) {
    throw pipelineError(
      'MR_PIPELINES_SOURCE_CHANGED',
      `The data folder '${options.dataDir}' holds the stream of another source`,
      {
        field: '--data',
        value: saved.name,
        expected: source.name,
      },
    );
  }
  if (saved === undefined) await save({ name: source.name, liveFrom: source.liveFrom, changes: [] });
  return source;
}

function simulated(
  usecase: UseCase,
  saved: SavedSource | undefined,
  save: (source: SavedSource) => Promise<unknown>,
): VisitSource {
  const simulation = usecase.simulation ?? plainSimulation(usecase);
  const liveFrom = saved?.liveFrom ?? Math.floor((systemClock.now() - BEHIND) / DAY) * DAY + BEGINS_AT;
  return simulatedSource({
    simulation,
    liveFrom,
    changes: saved?.changes ?? [],
    onChange: (changes) => void save({ name: simulatedName(simulation), liveFrom, changes }),
  });
}
