import type { Micros } from '../clock/port.ts';

export interface HitRate {
  /** Recommendations whose label is final. */
  readonly matured: number;
  readonly hits: number;
  /** hits / matured; null before the first label. */
  readonly rate: number | null;
}

interface Open {
  readonly at: Micros;
  readonly version: number;
  readonly items: ReadonlySet<string>;
  hit: boolean;
}

export interface LabelJoinOptions {
  /** How long after an answer a click still counts, microseconds. */
  readonly maturity: Micros;
  /** Answers waiting for their label at once; the oldest are settled early beyond it. @default 50_000 */
  readonly capacity?: number;
}

/**
 * Joins clicks to the answers that came before them: an answer is a hit when the visitor acts on one of its items
 * within `maturity`. Memory is bounded by `capacity`. Live hit rate is per model version.
 */
export function labelJoin({ maturity, capacity = 50_000 }: LabelJoinOptions) {
  const open = new Map<string, Open[]>();
  const counts = new Map<number, { matured: number; hits: number }>();
  let waiting = 0;
  let watermark: Micros = 0;

  function settle(answer: Open): void {
    const count = counts.get(answer.version) ?? { matured: 0, hits: 0 };
    count.matured += 1;
    if (answer.hit) count.hits += 1;
    counts.set(answer.version, count);
    waiting -= 1;
  }

  function settleUser(user: string, before: Micros): void {
    const answers = open.get(user);
    if (answers === undefined) return;
    const left = answers.filter((answer) => {
      if (answer.at > before) return true;
      settle(answer);
      return false;
    });
    if (left.length === 0) open.delete(user);
    else open.set(user, left);
  }

  return {
    answered(user: string, answer: { readonly at: Micros; readonly version: number; readonly items: readonly string[] }): void {
      const list = open.get(user) ?? [];
      list.push({ at: answer.at, version: answer.version, items: new Set(answer.items), hit: false });
      open.delete(user);
      open.set(user, list);
      waiting += 1;
      for (const oldest of open.keys()) {
        if (waiting <= capacity) break;
        settleUser(oldest, Number.POSITIVE_INFINITY);
      }
    },
    clicked(user: string, click: { readonly at: Micros; readonly item: string }): void {
      watermark = Math.max(watermark, click.at);
      for (const answer of open.get(user) ?? []) {
        if (click.at > answer.at && click.at <= answer.at + maturity && answer.items.has(click.item)) answer.hit = true;
      }
    },
    /** Settles the answers whose time is up by the newest click seen. */
    mature(): void {
      for (const user of [...open.keys()]) settleUser(user, watermark - maturity);
    },
    hitRate(version?: number): HitRate {
      const chosen = version === undefined ? [...counts.values()] : [counts.get(version) ?? { matured: 0, hits: 0 }];
      const matured = chosen.reduce((sum, count) => sum + count.matured, 0);
      const hits = chosen.reduce((sum, count) => sum + count.hits, 0);
      return { matured, hits, rate: matured === 0 ? null : hits / matured };
    },
    versions: (): readonly number[] => [...counts.keys()].sort((a, b) => a - b),
  };
}
