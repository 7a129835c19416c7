/** What one turn of the loop measured; the last line of `npm start -- --once --json`. Release figures are the kind's. */
export type LoopReport = RecommenderReport | ClassifierReport;

export interface RecommenderReport extends TurnReport<RankingFigures> {
  /** The baseline on the fold that the champion was judged on. */
  readonly popularity: RankingFigures;
  readonly liveHitRate: number | null;
}

export interface ClassifierReport extends TurnReport<DecisionFigures> {
  /** The best rule over one input on the fold that the champion was judged on. */
  readonly baseline: DecisionFigures;
  readonly liveAuc: number | null;
}

export interface RankingFigures {
  readonly recallAt20: number;
  readonly ndcgAt20: number;
}

/** Of ece and brier less is better. */
export interface DecisionFigures {
  readonly auc: number;
  readonly prAuc: number;
  readonly ece: number;
  readonly brier: number;
}

export type ReleaseFigures<F> = { readonly version: number; readonly unitId: string } & F;

export interface TurnReport<F> {
  readonly usecase: string;
  readonly source: string;
  readonly events: { readonly ingested: number; readonly quarantined: number };
  readonly lake: { readonly version: number; readonly rows: number };
  readonly features: { readonly compared: number; readonly mismatches: number };
  readonly training: { readonly trials: number; readonly folds: number };
  /** The release that served when the turn's drift came. */
  readonly champion: ReleaseFigures<F>;
  readonly gate: { readonly verdict: 'passed' | 'refused' };
  readonly serving: {
    readonly requests: number;
    readonly fallbacks: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
    /** From the start of the command to the first answer. */
    readonly firstAnswerSeconds: number;
  };
  readonly drift: {
    readonly detectedAt: string | null;
    readonly feature: string | null;
    readonly value: number | null;
    readonly healedAt: string | null;
  };
  readonly retrain: {
    readonly reason: string;
    /** Why each further retraining of the turn was made: the drift was still open. */
    readonly again: readonly string[];
  };
  /** The newest release that the retrainings brought. */
  readonly promoted: ReleaseFigures<F>;
  readonly failedRequests: number;
  readonly audit: { readonly records: number; readonly verified: boolean };
  readonly seconds: number;
  readonly peakRssMb: number;
}

/** The step of a turn that failed; the exit code is 1. */
export interface LoopFailure {
  readonly failed: { readonly step: string; readonly code: string | undefined; readonly message: string };
}
