import { LIVE_RATE } from '../usecases/live-rate.ts';
import type { Kind } from '../usecases/model.ts';
import type { DriftMonitor } from '../usecases/usecase.ts';
import type { DriftReading, OpenDrift } from './drift.ts';

/** What `millrace monitoring status` answers. */
export interface MonitoringStatus {
  readonly usecase: string;
  readonly kind: Kind;
  /** Whether a loop runs over the data folder; readings are kept by a running one only. */
  readonly running: boolean;
  readonly watched: readonly DriftMonitor[];
  readonly open: readonly OpenDrift[];
  /** Newest of each value. */
  readonly readings: readonly DriftReading[];
  /** 0 to 1. */
  readonly windowFill: number | null;
  /** By version: live hit rate, or of a classifier the live AUC. */
  readonly hitRate: Readonly<Record<string, number | null>>;
  readonly retraining: { readonly running: boolean; readonly step: string; readonly reason: string } | null;
}

const moment = (micros: number): string => new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ');

/** The status as a person reads it in a terminal; times are UTC. */
export function monitoringText(status: MonitoringStatus): string {
  const width = Math.max(...status.watched.map(({ feature }) => feature.length), 0);
  const watched = status.watched.map(({ feature, test, threshold }) => {
    const reading = status.readings.find((one) => one.feature === feature);
    const drift = status.open.find((one) => one.feature === feature);
    const value = reading === undefined ? 'no reading' : `${reading.value.toFixed(3)} of ${threshold}`;
    const verdict = drift === undefined ? (reading?.exceeded ? 'over' : '') : `drifting since ${moment(drift.detectedAt)}`;
    return `  ${feature.padEnd(width)}  ${test.padEnd(3)}  ${value.padEnd(14)}  ${verdict}`.trimEnd();
  });
  const rates = Object.entries(status.hitRate)
    .filter(([, rate]) => rate !== null)
    .map(([version, rate]) => `version ${version} ${(100 * Number(rate)).toFixed(1)} %`);
  return [
    `Drift of ${status.usecase}: ${status.open.length} open`,
    ...watched,
    ...(status.windowFill === null ? [] : [`Window      ${Math.round(100 * status.windowFill)} % full`]),
    ...(rates.length === 0 ? [] : [`${`Live ${LIVE_RATE[status.kind].name}`.padEnd(13)} ${rates.join(', ')}`]),
    ...(status.retraining?.running ? [`Retraining  ${status.retraining.step}: ${status.retraining.reason}`] : []),
    ...(status.running ? [] : ['No loop runs over this data folder: readings are kept by a running one (`npm start`).']),
  ].join('\n');
}
