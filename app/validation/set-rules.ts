import type { Micros } from '../clock/port.ts';
import { formatTimestamp } from '../clock/timestamp.ts';
import type { EventType, Row } from '../usecases/event.ts';
import { micros } from '../usecases/window.ts';
import { type Fault, REASON } from './fault.ts';
import { distanceFrom, type ReferenceProfile } from './reference-profile.ts';
import { robustZ, shareAtLeast, spread } from './robust.ts';

/** Rows below which a batch says nothing about a distribution: ten a bin. */
const MIN_ROWS_FOR_OUTLIERS = 50;
const MIN_ROWS_FOR_DISTRIBUTION = 100;

/** Rules that only a set of rows can break. Statistics need evidence: see `shareAtLeast`. */
export function setFaults(event: EventType, rows: readonly Row[], reference: ReferenceProfile | undefined): readonly Fault[] {
  return [
    ...tooManyNulls(event, rows),
    ...tooManyOutliers(event, rows, reference),
    ...unusualVolume(event, rows, reference),
    ...movedDistributions(event, rows, reference),
  ];
}

/** Ids that occur twice in the batch, or that `seen` already holds; each is named once. */
export function duplicateIds(
  event: EventType,
  rows: readonly Row[],
  seen: { has(id: string): boolean } | undefined,
): readonly Fault[] {
  const ids = new Set<string>();
  const doubled = new Set<string>();
  for (const row of rows) {
    const id = row[event.id];
    if (typeof id !== 'string') continue;
    if (ids.has(id) || seen?.has(id) === true) doubled.add(id);
    ids.add(id);
  }
  const pii = event.fields[event.id]?.class === 'pii';
  return [...doubled].map((id) => ({
    field: event.id,
    value: pii ? '(pii)' : id,
    expected: 'an id no other row has',
    reason: REASON.duplicate,
  }));
}

/** The source is stale where even the newest event is older than the event's `freshness`. Rows that come late are still right. */
export function staleness(event: EventType, rows: readonly Row[], now: Micros): readonly Fault[] {
  const { freshness } = event.rules;
  if (freshness === undefined || rows.length === 0) return [];
  let newest = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const at = row[event.time];
    if (typeof at === 'number' && at > newest) newest = at;
  }
  if (!Number.isSafeInteger(newest) || newest >= now - micros(freshness)) return [];
  const expected = `newest event at most ${freshness} before ${formatTimestamp(now)}`;
  return [{ field: event.time, value: formatTimestamp(newest), expected, reason: REASON.stale }];
}

function tooManyNulls(event: EventType, rows: readonly Row[]): readonly Fault[] {
  return Object.entries(event.rules.nullRate).flatMap(([field, limit]) => {
    const nulls = rows.reduce((sum, row) => sum + ((row[field] ?? null) === null ? 1 : 0), 0);
    return shareAtLeast(nulls, rows.length) > limit ? [shareFault(field, nulls, rows.length, 'nulls', limit, REASON.nulls)] : [];
  });
}

/** Against the reference's median and spread where there is one, so that a batch wrong as a whole shows; else against its own. */
function tooManyOutliers(event: EventType, rows: readonly Row[], reference: ReferenceProfile | undefined): readonly Fault[] {
  return Object.entries(event.rules.outliers).flatMap(([field, { z, maxShare }]) => {
    const values = numbers(rows, field);
    // The spread of a handful says nothing about what is usual.
    if (values.length < MIN_ROWS_FOR_OUTLIERS) return [];
    const around = reference?.fields[field]?.numeric ?? spread(values);
    const outliers = values.reduce((sum, value) => sum + (robustZ(value, around) > z ? 1 : 0), 0);
    if (shareAtLeast(outliers, values.length) <= maxShare) return [];
    const what = `outliers (robust z above ${z})`;
    return [shareFault(field, outliers, values.length, what, maxShare, REASON.outliers)];
  });
}

function unusualVolume(event: EventType, rows: readonly Row[], reference: ReferenceProfile | undefined): readonly Fault[] {
  const { volume } = event.rules;
  if (volume === undefined || reference === undefined) return [];
  const ratio = rows.length / reference.rows;
  if (ratio >= volume.atLeast && ratio <= volume.atMost) return [];
  const expected = `${volume.atLeast} to ${volume.atMost} times the reference batch's ${reference.rows} rows`;
  return [{ field: '(batch)', value: rows.length, expected, reason: REASON.volume }];
}

function movedDistributions(event: EventType, rows: readonly Row[], reference: ReferenceProfile | undefined): readonly Fault[] {
  return Object.entries(event.rules.distribution).flatMap(([field, limit]) => {
    const profile = reference?.fields[field];
    const values = rows.map((row) => row[field]).filter((value) => value !== null && value !== undefined);
    if (profile === undefined || values.length < MIN_ROWS_FOR_DISTRIBUTION) return [];
    const distance = distanceFrom(profile, values);
    if (distance === undefined || distance <= limit) return [];
    const expected = `PSI of at most ${limit} against the reference profile`;
    return [{ field, value: Number(distance.toFixed(4)), expected, reason: REASON.distribution }];
  });
}

const numbers = (rows: readonly Row[], field: string): readonly number[] =>
  rows.map((row) => row[field]).filter((value) => typeof value === 'number');

function shareFault(field: string, hits: number, n: number, what: string, limit: number, reason: string): Fault {
  return { field, value: `${hits} of ${n}`, expected: `a share of ${what} of at most ${limit}`, reason };
}
