import type { DriftReading, OpenDrift } from '../drift.ts';

/** What the live page shows, sent once a second; numbers are totals unless they say otherwise. */
export interface PageState {
  readonly usecase: string;
  /** What its model answers with: items, or decisions. */
  readonly kind: 'recommender' | 'classifier';
  readonly source: string;
  /** Platform time, microseconds; `rate` times as fast as the wall's. */
  readonly now: number;
  readonly rate: number;
  readonly uptimeSeconds: number;
  /** The present step of the turn, in words. */
  readonly step: string;
  /** One entry a layer, in data's way: the number that says it lives, and a second one beside it. */
  readonly layers: readonly LayerState[];
  readonly eventsPerSecond: number;
  readonly answersPerSecond: number;
  readonly failedRequests: number;
  /** Round trips of the last minute, milliseconds. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number };
  readonly champion: ReleaseState | undefined;
  readonly challenger: ReleaseState | undefined;
  /** Newest first. */
  readonly verdicts: readonly VerdictState[];
  readonly drift: readonly DriftReading[];
  readonly openDrifts: readonly OpenDrift[];
  readonly windowFill: number;
  /** By version: live hit rate, or of a classifier the live AUC. */
  readonly hitRate: Readonly<Record<string, number | null>>;
  readonly retraining: { readonly running: boolean; readonly step: string; readonly message: string; readonly reason: string };
  readonly answers: readonly AnswerState[];
  readonly audit: { readonly size: number; readonly tail: readonly AuditState[] };
}

export interface LayerState {
  readonly layer: string;
  readonly value: string;
  readonly unit: string;
  readonly note: string;
  readonly state: 'idle' | 'working' | 'well' | 'ill';
}

export interface ReleaseState {
  readonly version: number;
  readonly unitId: string;
  readonly state: string;
  readonly trainedAt: number;
  /** Metric name to value with its 95 % interval; the baseline's beside it. */
  readonly metrics: Readonly<
    Record<string, { readonly value: number; readonly low: number; readonly high: number; readonly baseline: number }>
  >;
}

export interface VerdictState {
  readonly version: number;
  readonly verdict: 'passed' | 'refused';
  readonly at: number;
  readonly checks: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly measured: string;
    readonly limit: string;
    /** Why it fell as it did, in a sentence. */
    readonly reason?: string;
  }[];
}

export interface AnswerState {
  readonly requestId: string;
  readonly at: number;
  /** Pseudonym, never a person's id. */
  readonly user: string | null;
  readonly items: readonly string[];
  readonly version: number;
  readonly fallback: string | null;
  readonly latencyMs: number;
}

export interface AuditState {
  readonly index: number;
  readonly at: number;
  readonly action: string;
  readonly actor: string;
  readonly subject: string;
  readonly outcome: string;
}
