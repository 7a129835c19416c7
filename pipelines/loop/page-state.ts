import { onlineName } from '../../app/features/view-hash.ts';
import { deadTopic, eventTopic, predictionTopic } from '../../app/ingestion/topics.ts';
import { eventTable } from '../../app/lake/event-table.ts';
import type { AnswerState, LayerState, PageState, ReleaseState } from '../../app/monitoring/page/state.ts';
import type { Evaluation } from '../../app/registry/release.ts';
import type { Version } from '../../app/registry/version.ts';
import type { Prediction } from '../../app/serving/prediction.ts';
import type { FeatureView } from '../../app/usecases/feature.ts';
import type { Loop } from './loop.ts';
import { verdictStates } from './verdict-state.ts';

const RECENT_ANSWERS = 12;
const AUDIT_TAIL = 12;
/** Steps of a retraining that are the gate's; those before are the trainer's. */
const DELIVERY_STEPS: readonly string[] = ['gate', 'promote'];

/** Reads what the page shows from a running loop. Rates are over the time since the call before. */
export function pageState(loop: Loop, step: () => string): () => Promise<PageState> {
  const { platform, options } = loop;
  const { usecase, source, clock, runtime } = options;
  const { log, lake, online, audit } = platform.ports;
  const event = usecase.model.label.event;
  const topics = {
    events: eventTopic(usecase, event.name),
    dead: deadTopic(usecase, event.name),
    answers: predictionTopic(usecase),
  };
  const view = usecase.views.find((candidate): candidate is FeatureView => candidate.kind === 'windowed');
  let before = { at: performance.now(), events: 0, answers: 0 };
  const total = async (topic: string) => (await log.endOffsets(topic)).reduce((sum, offset) => sum + offset, 0);

  return async () => {
    const [events, dead, answers] = [await total(topics.events), await total(topics.dead), await total(topics.answers)];
    const at = performance.now();
    const perSecond = (now: number, then: number) => Math.max(0, Math.round((1000 * (now - then)) / Math.max(1, at - before.at)));
    const rates =
      before.events === 0
        ? { events: 0, answers: 0 }
        : { events: perSecond(events, before.events), answers: perSecond(answers, before.answers) };
    before = { at, events, answers };

    const champion = await platform.registry.alias(usecase.model.name, 'champion');
    const challenger = await platform.registry.alias(usecase.model.name, 'challenger');
    const versions = await platform.registry.list(usecase.model.name);
    const verdicts = verdictStates(await platform.registry.verdicts(usecase.model.name));
    const snapshot = await lake.snapshot(eventTable(usecase, event).name);
    const lag = await platform.lag();
    const monitor = loop.monitor()?.state();
    const traffic = loop.traffic()?.count();
    const recent = [...(traffic?.latenciesMs.slice(-3000) ?? [])].sort((a, b) => a - b);
    const quantile = (share: number) => recent[Math.max(0, Math.ceil(recent.length * share) - 1)] ?? 0;
    const drift = [...(monitor?.readings.values() ?? [])].flat();
    const progress = loop.newestProgress();
    const retraining = loop.retraining.running();
    const delivering = retraining && DELIVERY_STEPS.includes(progress?.step ?? '');
    const training = retraining && !delivering;
    const size = await audit.size();
    const worst = Math.max(
      0,
      ...[...(monitor?.readings.values() ?? [])].map(
        (readings) => (readings.at(-1)?.value ?? 0) / (readings.at(-1)?.threshold ?? 1),
      ),
    );
    const newest = verdicts[0];

    const layer = (
      name: LayerState['layer'],
      value: number | string,
      unit: string,
      note: string,
      state: LayerState['state'] = 'well',
    ): LayerState => ({
      layer: name,
      value: typeof value === 'number' ? value.toLocaleString('en') : value,
      unit,
      note,
      state,
    });
    return {
      usecase: usecase.name,
      kind: usecase.kind,
      source: source.name,
      now: clock.now(),
      rate: traffic === undefined ? 0 : Math.round(source.rate),
      uptimeSeconds: Math.round(performance.now() / 1000),
      step: step(),
      layers: [
        layer('ingestion', events, 'events', `${rates.events} a second`, rates.events > 0 ? 'working' : 'well'),
        layer('validation', dead, 'refused', 'in the dead letters'),
        layer('lake', snapshot.rows, 'rows', `version ${snapshot.version}, ${sum(lag, 'lake')} behind`),
        layer(
          'features',
          view === undefined ? 0 : await online.count(onlineName(view)),
          'online rows',
          `${sum(lag, 'online')} events behind`,
        ),
        layer(
          'training',
          training ? (progress?.step ?? 'start') : (champion?.manifest.search.trials ?? 0),
          training ? '' : 'trials',
          training ? (progress?.message ?? '') : 'last search',
          training ? 'working' : 'idle',
        ),
        layer(
          'registry',
          versions.length,
          'versions',
          champion === undefined ? 'no champion yet' : `champion ${champion.version}`,
          champion === undefined ? 'idle' : 'well',
        ),
        layer(
          'delivery',
          delivering ? (progress?.step ?? '') : (newest?.verdict ?? 'none'),
          '',
          delivering ? (progress?.message ?? '') : newest === undefined ? 'no verdict yet' : `version ${newest.version}`,
          delivering ? 'working' : newest === undefined ? 'idle' : newest.verdict === 'passed' ? 'well' : 'ill',
        ),
        layer(
          'serving',
          rates.answers,
          'answers/s',
          `p99 ${quantile(0.99).toFixed(1)} ms, ${traffic?.failed ?? 0} failed`,
          (traffic?.failed ?? 0) > 0 ? 'ill' : rates.answers > 0 ? 'working' : 'idle',
        ),
        layer(
          'monitoring',
          `${Math.round(worst * 100)} %`,
          'of drift limit',
          `window ${Math.round((monitor?.windowFill ?? 0) * 100)} % full`,
          (monitor?.open.length ?? 0) > 0 ? 'ill' : 'well',
        ),
        layer('governance', size, 'audit records', 'signed, in two places'),
      ],
      eventsPerSecond: rates.events,
      answersPerSecond: rates.answers,
      failedRequests: traffic?.failed ?? 0,
      latency: { p50Ms: quantile(0.5), p99Ms: quantile(0.99) },
      champion: champion === undefined ? undefined : releaseState(champion),
      challenger: challenger === undefined || challenger.version === champion?.version ? undefined : releaseState(challenger),
      verdicts,
      drift,
      openDrifts: monitor?.open ?? [],
      windowFill: monitor?.windowFill ?? 0,
      hitRate: Object.fromEntries(Object.entries(monitor?.hitRateByVersion ?? {}).map(([version, { rate }]) => [version, rate])),
      retraining: {
        running: retraining,
        step: progress?.step ?? '',
        message: progress?.message ?? '',
        reason: retraining ? (loop.retraining.reason() ?? '') : (loop.retraining.last()?.reason ?? ''),
      },
      answers: await recentAnswers(log, topics.answers).catch((cause: unknown) => {
        runtime.logger.warn({ err: cause }, 'recent answers cannot be read');
        return [];
      }),
      audit: { size, tail: [...(await audit.read(Math.max(0, size - AUDIT_TAIL), AUDIT_TAIL))].reverse() },
    };
  };
}

const sum = (lag: Readonly<Record<string, number>>, prefix: string): number =>
  Object.entries(lag).reduce((total, [name, records]) => total + (name.startsWith(prefix) ? records : 0), 0);

function releaseState(version: Version): ReleaseState {
  const { metrics, baseline } = version.manifest;
  const baselineOf = (evaluation: Evaluation, name: string) => evaluation.metrics[name]?.value ?? 0;
  return {
    version: version.version,
    unitId: version.unitId,
    state: version.state,
    trainedAt: version.manifest.createdAt,
    metrics: Object.fromEntries(
      Object.entries(metrics.metrics).map(([name, interval]) => [name, { ...interval, baseline: baselineOf(baseline, name) }]),
    ),
  };
}

async function recentAnswers(log: Loop['platform']['ports']['log'], topic: string): Promise<readonly AnswerState[]> {
  const ends = await log.endOffsets(topic);
  const records = await Promise.all(
    ends.map((end, partition) => log.read(topic, partition, Math.max(0, end - RECENT_ANSWERS), RECENT_ANSWERS)),
  );
  return records
    .flat()
    .map(({ value }) => JSON.parse(value.toString('utf8')) as Prediction)
    .sort((a, b) => b.at - a.at)
    .slice(0, RECENT_ANSWERS)
    .map((prediction) => ({
      requestId: prediction.request_id,
      at: prediction.at,
      user: prediction.user_id,
      items: prediction.items.slice(0, 5),
      version: prediction.version,
      fallback: prediction.fallback,
      latencyMs: prediction.latency_ms,
    }));
}
