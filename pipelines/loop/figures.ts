import type { Evaluation, ReleaseManifest } from '../../app/registry/release.ts';
import type { Kind } from '../../app/usecases/model.ts';
import type { DecisionFigures, RankingFigures, ReleaseFigures } from './report.ts';

const rounded = (value: number): number => Number(value.toFixed(4));
const metricOf = (evaluation: Evaluation, name: string): number => rounded(evaluation.metrics[name]?.value ?? Number.NaN);

const ranking = (of: Evaluation): RankingFigures => ({
  recallAt20: metricOf(of, 'recallAt20'),
  ndcgAt20: metricOf(of, 'ndcgAt20'),
});

const decision = (of: Evaluation): DecisionFigures => ({
  auc: metricOf(of, 'auc'),
  prAuc: metricOf(of, 'prAuc'),
  ece: metricOf(of, 'ece'),
  brier: metricOf(of, 'brier'),
});

interface Judged {
  readonly version: number;
  readonly unitId: string;
  readonly manifest: ReleaseManifest;
}

/** The part of a turn's report that depends on the kind: figures of the releases and their baseline, and the live one. */
export function figuresOf(kind: Kind, champion: Judged, promoted: Judged, live: number | null) {
  const of =
    <F>(figures: (evaluation: Evaluation) => F) =>
    ({ version, unitId, manifest }: Judged): ReleaseFigures<F> => ({ version, unitId, ...figures(manifest.metrics) });
  const rate = live === null ? null : rounded(live);
  const { baseline } = champion.manifest;
  if (kind === 'classifier') {
    const release = of(decision);
    return { champion: release(champion), baseline: decision(baseline), promoted: release(promoted), liveAuc: rate };
  }
  const release = of(ranking);
  return { champion: release(champion), popularity: ranking(baseline), promoted: release(promoted), liveHitRate: rate };
}
