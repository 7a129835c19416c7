import type { Micros } from '../clock/port.ts';
import type { DriftMonitor } from '../usecases/usecase.ts';
import { add, emptyLike, js, ks, psi, type Sketch } from './sketch.ts';

/** One judged window of one monitored value. */
export interface DriftReading {
  readonly feature: string;
  readonly test: DriftMonitor['test'];
  readonly value: number;
  readonly threshold: number;
  readonly exceeded: boolean;
  /** When the window's first answer was given. */
  readonly since: Micros;
  /** When the window was full. */
  readonly at: Micros;
  readonly version: number;
}

const TESTS = { psi, ks, js } as const;

/** What a monitored value can be; text and lists are counted as categories. */
export type Observed = number | string | boolean | null;

/**
 * Judges windows of predictions against the profile of the release that made them. A window is full after `size`
 * different users: one voice each, so that a busy visitor is not mistaken for a change of everyone. Memory is one
 * sketch a monitor, whatever the traffic.
 */
export function driftWindows(options: {
  readonly monitors: readonly DriftMonitor[];
  readonly size: number;
  readonly profile: Readonly<Record<string, Sketch>>;
  readonly version: number;
}) {
  const watched = options.monitors.filter(({ feature }) => feature in options.profile);
  const fresh = () => new Map(watched.map(({ feature }) => [feature, emptyLike(options.profile[feature] as Sketch)]));
  let sketches = fresh();
  let users = new Set<string>();
  let since: Micros = 0;

  return {
    /** Adds one prediction; the readings of the window it filled, else undefined. */
    observe(user: string, at: Micros, values: (feature: string) => Observed | undefined): readonly DriftReading[] | undefined {
      if (users.has(user)) return undefined;
      if (users.size === 0) since = at;
      users.add(user);
      for (const [feature, sketch] of sketches) {
        const value = values(feature);
        if (value !== undefined) add(sketch, value);
      }
      if (users.size < options.size) return undefined;
      const readings = watched.map(({ feature, test, threshold }) => {
        const value = TESTS[test](options.profile[feature] as Sketch, sketches.get(feature) as Sketch);
        return { feature, test, value, threshold, exceeded: value > threshold, since, at, version: options.version };
      });
      sketches = fresh();
      users = new Set();
      return readings;
    },
    fill: () => users.size / options.size,
  };
}

export type DriftWindows = ReturnType<typeof driftWindows>;

/** A drift that is going on: which value, since when, how many windows in a row. */
export interface OpenDrift {
  readonly feature: string;
  readonly reading: DriftReading;
  readonly detectedAt: Micros;
}

/**
 * Drift asks for a retraining: when it is detected, and with each later window over the threshold as long as it is open.
 * Whether one starts is for the one asked to say.
 */
export interface DriftAsk {
  readonly kind: 'detected' | 'open';
  readonly drift: OpenDrift;
  /** The window that it asks by. */
  readonly reading: DriftReading;
}

/** The ask in a sentence, as the audit log and the report give it. */
export function driftReason({ kind, drift, reading }: DriftAsk): string {
  const still = kind === 'open' ? ` still open after version ${reading.version}` : '';
  return `drift of ${drift.feature}${still}: ${reading.test} ${reading.value.toFixed(3)} over ${reading.threshold}`;
}

export type DriftChange = DriftAsk | { readonly kind: 'healed'; readonly drift: OpenDrift; readonly at: Micros };

/** Opens a drift after `consecutive` windows over the threshold, lets it ask until it closes it after as many below. */
export function driftState(consecutive: number) {
  const runs = new Map<string, { over: number; under: number }>();
  const open = new Map<string, OpenDrift>();
  return {
    read(readings: readonly DriftReading[]): readonly DriftChange[] {
      return readings.flatMap((reading): DriftChange[] => {
        const run = runs.get(reading.feature) ?? { over: 0, under: 0 };
        runs.set(reading.feature, reading.exceeded ? { over: run.over + 1, under: 0 } : { over: 0, under: run.under + 1 });
        const { over, under } = runs.get(reading.feature) as { over: number; under: number };
        const current = open.get(reading.feature);
        if (current === undefined && over >= consecutive) {
          const drift = { feature: reading.feature, reading, detectedAt: reading.at };
          open.set(reading.feature, drift);
          return [{ kind: 'detected', drift, reading }];
        }
        if (current !== undefined && under >= consecutive) {
          open.delete(reading.feature);
          return [{ kind: 'healed', drift: current, at: reading.at }];
        }
        if (current !== undefined && reading.exceeded) return [{ kind: 'open', drift: current, reading }];
        return [];
      });
    },
    open: (): readonly OpenDrift[] => [...open.values()],
    restore(drifts: readonly OpenDrift[]): void {
      for (const drift of drifts) open.set(drift.feature, drift);
    },
  };
}
