import type { Micros } from '../../app/clock/port.ts';
import { verifyServed } from '../../app/features/verify.ts';
import { deadTopic, eventTopic } from '../../app/ingestion/topics.ts';
import { eventTable, quarantineTable } from '../../app/lake/event-table.ts';
import type { ReleaseManifest } from '../../app/registry/release.ts';
import { pipelineError } from '../errors.ts';
import type { Loop } from './loop.ts';
import type { LoopReport, ReleaseFigures } from './report.ts';
import { FIRST_MODEL } from './retraining.ts';

/** Served rows that are computed again from the lake. */
const SAMPLE = 1_000;

const iso = (at: Micros | undefined): string | null => (at === undefined ? null : new Date(at / 1000).toISOString());
const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** Value below which this share of the sorted values lies (nearest rank). */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Reads every figure of the report from where it was measured, after the last event of the turn is in the lake. */
export async function measure(loop: Loop, championVersion: number): Promise<LoopReport> {
  const { platform, options } = loop;
  const { usecase, source } = options;
  const { lake, log, audit } = platform.ports;
  const event = usecase.model.label.event;
  await platform.lakeCaughtUp();

  const total = async (topic: string) => (await log.endOffsets(topic)).reduce((sum, offset) => sum + offset, 0);
  const snapshot = await lake.snapshot(eventTable(usecase, event).name);
  const badBatches = await lake.snapshot(quarantineTable(usecase, event).name).catch(() => ({ rows: 0 }));
  const verified = await verifyServed({ usecase, lake, sample: SAMPLE, seed: usecase.model.seed });
  const auditVerdict = await audit.verify();

  const manifestOf = async (version: number): Promise<{ manifest: ReleaseManifest; figures: ReleaseFigures }> => {
    const { manifest, unitId } = await platform.registry.show(usecase.model.name, version);
    const metric = (name: string) => rounded(manifest.metrics.metrics[name]?.value ?? Number.NaN, 4);
    return { manifest, figures: { version, unitId, recallAt20: metric('recallAt20'), ndcgAt20: metric('ndcgAt20') } };
  };
  const champion = await manifestOf(championVersion);
  const retrainings = loop.retraining.finished().filter(({ reason }) => reason !== FIRST_MODEL);
  const [retrained] = retrainings;
  const newest = retrainings.findLast(({ output }) => output.promoted) ?? retrained;
  const traffic = loop.traffic()?.count();
  if (retrained === undefined || newest === undefined || traffic === undefined) {
    throw pipelineError('MR_PIPELINES_LOOP_STUCK', 'The turn ended without a retraining', {
      field: 'retrain',
      value: undefined,
      expected: 'a finished run',
    });
  }
  const monitor = loop.monitor()?.state();
  const latencies = [...traffic.latenciesMs].sort((a, b) => a - b);
  const drift = loop.drift();
  return {
    usecase: usecase.name,
    source: source.name,
    events: {
      ingested: await total(eventTopic(usecase, event.name)),
      quarantined: (await total(deadTopic(usecase, event.name))) + badBatches.rows,
    },
    lake: { version: snapshot.version, rows: snapshot.rows },
    features: { compared: verified.compared, mismatches: verified.mismatches.length },
    training: { trials: newest.output.trials, folds: newest.output.folds },
    champion: champion.figures,
    popularity: {
      recallAt20: rounded(champion.manifest.baseline.metrics.recallAt20?.value ?? Number.NaN, 4),
      ndcgAt20: rounded(champion.manifest.baseline.metrics.ndcgAt20?.value ?? Number.NaN, 4),
    },
    gate: { verdict: newest.output.verdict },
    serving: {
      requests: traffic.requests,
      fallbacks: traffic.fallbacks,
      p50Ms: rounded(quantile(latencies, 0.5)),
      p99Ms: rounded(quantile(latencies, 0.99)),
      firstAnswerSeconds: rounded((traffic.firstAnswerAtMs ?? Number.NaN) / 1000, 1),
    },
    drift: {
      detectedAt: iso(drift?.detectedAt),
      feature: drift?.feature ?? null,
      value: drift === undefined ? null : rounded(drift.reading.value, 3),
      healedAt: monitor?.open.length === 0 ? iso(monitor.healedAt) : null,
    },
    retrain: { reason: retrained.reason, again: retrainings.slice(1).map(({ reason }) => reason) },
    promoted: (await manifestOf(newest.output.version)).figures,
    liveHitRate: monitor?.hitRate.rate === null || monitor === undefined ? null : rounded(monitor.hitRate.rate, 4),
    failedRequests: traffic.failed,
    audit: { records: auditVerdict.size, verified: auditVerdict.verified },
    seconds: rounded(performance.now() / 1000, 1),
    peakRssMb: loop.peakRssMb(),
  };
}
