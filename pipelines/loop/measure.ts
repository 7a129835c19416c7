import type { Micros } from '../../app/clock/port.ts';
import { verifyServed } from '../../app/features/verify.ts';
import { deadTopic, eventTopic } from '../../app/ingestion/topics.ts';
import { eventTable, quarantineTable } from '../../app/lake/event-table.ts';
import type { EventType } from '../../app/usecases/event.ts';
import { pipelineError } from '../errors.ts';
import { figuresOf } from './figures.ts';
import { healedAt } from './healed.ts';
import type { Loop } from './loop.ts';
import type { LoopReport } from './report.ts';
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
  const totalOf = async (count: (event: EventType) => Promise<number>) =>
    (await Promise.all(usecase.events.map(count))).reduce((sum, value) => sum + value, 0);
  const rows = async ({ name }: { readonly name: string }) => (await lake.snapshot(name).catch(() => ({ rows: 0 }))).rows;
  const snapshot = await lake.snapshot(eventTable(usecase, event).name);
  const verified = await verifyServed({ usecase, lake, sample: SAMPLE, seed: usecase.model.seed });
  const auditVerdict = await audit.verify();

  const release = (version: number) => platform.registry.show(usecase.model.name, version);
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
  const live = monitor?.hitRate.rate ?? null;
  return {
    usecase: usecase.name,
    source: source.name,
    events: {
      ingested: await totalOf(({ name }) => total(eventTopic(usecase, name))),
      quarantined: await totalOf(
        async (type) => (await total(deadTopic(usecase, type.name))) + (await rows(quarantineTable(usecase, type))),
      ),
    },
    lake: { version: snapshot.version, rows: await totalOf((type) => rows(eventTable(usecase, type))) },
    features: { compared: verified.compared, mismatches: verified.mismatches.length },
    training: { trials: newest.output.trials, folds: newest.output.folds },
    ...figuresOf(usecase.kind, await release(championVersion), await release(newest.output.version), live),
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
      healedAt: iso(healedAt(loop)),
    },
    retrain: { reason: retrained.reason, again: retrainings.slice(1).map(({ reason }) => reason) },
    failedRequests: traffic.failed,
    audit: { records: auditVerdict.size, verified: auditVerdict.verified },
    seconds: rounded(performance.now() / 1000, 1),
    peakRssMb: loop.peakRssMb(),
  };
}
