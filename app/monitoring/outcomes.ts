import type { Micros } from '../clock/port.ts';
import { auc, everyCase, ranking } from '../training/classifier/metrics.ts';
import type { HitRate } from './labels.ts';

interface Open {
  readonly at: Micros;
  readonly version: number;
  readonly score: number;
  positive: boolean;
}

interface Settled {
  readonly scores: number[];
  readonly labels: number[];
  matured: number;
  hits: number;
  /** Of the settled ones; undefined after a change. */
  area: number | undefined;
}

export interface OutcomeJoinOptions {
  /** How long after an answer an outcome still counts, microseconds. */
  readonly maturity: Micros;
  /** Answers waiting for their outcome at once; the oldest are settled early beyond it. @default 50_000 */
  readonly capacity?: number;
  /** Newest settled answers of a version that its live AUC is taken over. @default 5_000 */
  readonly kept?: number;
}

/**
 * Joins outcomes to the decisions about their events. An answer is one of the class when such an outcome came within
 * `maturity`, else it is not. The live rate of a version is the area under the ROC curve of its newest settled answers.
 */
export function outcomeJoin({ maturity, capacity = 50_000, kept = 5_000 }: OutcomeJoinOptions) {
  const open = new Map<string, Open>();
  const settled = new Map<number, Settled>();
  let watermark: Micros = 0;

  function settle(id: string, { version, score, positive }: Open): void {
    open.delete(id);
    const own = settled.get(version) ?? { scores: [], labels: [], matured: 0, hits: 0, area: undefined };
    settled.set(version, own);
    own.matured += 1;
    if (positive) own.hits += 1;
    own.scores.push(score);
    own.labels.push(positive ? 1 : 0);
    own.area = undefined;
    if (own.scores.length <= 2 * kept) return;
    own.scores.splice(0, kept);
    own.labels.splice(0, kept);
  }

  function areaOf(own: Settled): number | null {
    if (own.area === undefined) {
      const labels = Uint8Array.from(own.labels.slice(-kept));
      const positives = labels.reduce((sum, label) => sum + label, 0);
      if (positives === 0 || positives === labels.length) return null;
      const ranked = ranking(Float64Array.from(own.scores.slice(-kept)), labels);
      own.area = auc(ranked, everyCase(ranked));
    }
    return own.area;
  }

  function together(): Settled {
    const all = [...settled.values()];
    return {
      scores: all.flatMap(({ scores }) => scores),
      labels: all.flatMap(({ labels }) => labels),
      matured: all.reduce((sum, { matured }) => sum + matured, 0),
      hits: all.reduce((sum, { hits }) => sum + hits, 0),
      area: undefined,
    };
  }

  return {
    /** A second answer about one event takes the first one's place. */
    answered(id: string, answer: { readonly at: Micros; readonly version: number; readonly score: number }): void {
      open.delete(id);
      open.set(id, { ...answer, positive: false });
      for (const [oldest, waiting] of open) {
        if (open.size <= capacity) break;
        settle(oldest, waiting);
      }
    },
    /** Time has come this far: by any event of the use case. */
    seen(at: Micros): void {
      watermark = Math.max(watermark, at);
    },
    /** An outcome of the class looked for. */
    turnedOut(id: string, at: Micros): void {
      const answer = open.get(id);
      if (answer !== undefined && at <= answer.at + maturity) answer.positive = true;
    },
    /** Settles the answers whose time is up by the newest event seen. */
    mature(): void {
      for (const [id, answer] of open) {
        // Answers stand in the order of their time.
        if (answer.at > watermark - maturity) break;
        settle(id, answer);
      }
    },
    /** `rate` is the AUC; null while one of the classes is missing. */
    rate(version?: number): HitRate {
      const own = version === undefined ? together() : settled.get(version);
      return own === undefined
        ? { matured: 0, hits: 0, rate: null }
        : { matured: own.matured, hits: own.hits, rate: areaOf(own) };
    },
    versions: (): readonly number[] => [...settled.keys()].sort((a, b) => a - b),
  };
}
