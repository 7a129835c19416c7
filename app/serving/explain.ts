import type { Clock } from '../clock/port.ts';
import { historicalFeatures } from '../features/historical.ts';
import { sameValue } from '../features/same-value.ts';
import type { FeatureValue } from '../features/value.ts';
import { decodeVector } from '../features/vector.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { openBytes } from '../governance/seal.ts';
import { eventTopic } from '../ingestion/topics.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import { embeddingUnit } from '../registry/release.ts';
import type { LoadedUnit } from '../registry/unit.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { answerAgain, fallbackAgain } from './again.ts';
import { servingError } from './errors.ts';
import { eventBehind } from './explain-event.ts';
import { erasedOn, eventsBehind, findPrediction, hasQuarantine, isoTime, sealedVector } from './explain-sources.ts';
import { type Answered, compareRankings, type Explained, type Explanation, type FeatureBehind } from './explanation.ts';
import { checkFit, viewsOf } from './load-unit.ts';
import { closeModel, type OpenModel, openModel } from './model.ts';
import type { LoggedValue, Prediction, RequestFacts } from './prediction.ts';
import { turnstile } from './turnstile.ts';

export interface ExplainSources {
  readonly usecase: UseCase;
  readonly lake: Lake;
  readonly registry: Pick<Registry, 'loadUnit'>;
  readonly keys: KeyStore;
  readonly clock: Clock;
  /** Says when a subject was erased. */
  readonly audit?: Pick<AuditSink, 'read' | 'size'>;
}

export interface Explainer {
  /** @throws MR_SERVING_REQUEST_UNKNOWN, MR_SERVING_UNIT_UNFIT, MR_REGISTRY_DIGEST_MISMATCH */
  explain(requestId: string): Promise<Explanation>;
  close(): Promise<void>;
}

interface OpenUnit extends LoadedUnit {
  readonly model: OpenModel;
}

/** Explanations made at once: each holds some of the lake's memory. */
const AT_ONCE = 3;

/** Explains answers, keeping the last `units` releases open between calls. @default 2 */
export function openExplainer(sources: ExplainSources, units = 2): Explainer {
  const open = new Map<string, Promise<OpenUnit>>();
  const busy = new Map<Promise<OpenUnit>, number>();

  const enter = turnstile(AT_ONCE);

  async function closeUnit(unit: Promise<OpenUnit>): Promise<void> {
    await unit.then(({ model }) => closeModel(model)).catch(() => undefined);
  }

  async function withUnit<T>(unitId: string, use: (unit: OpenUnit) => Promise<T>): Promise<T> {
    const unit = open.get(unitId) ?? openUnit(sources, unitId);
    open.delete(unitId);
    open.set(unitId, unit);
    busy.set(unit, (busy.get(unit) ?? 0) + 1);
    try {
      return await use(await unit);
    } catch (error) {
      if (open.get(unitId) === unit) open.delete(unitId);
      throw error;
    } finally {
      busy.set(unit, (busy.get(unit) ?? 1) - 1);
      for (const [id] of [...open].slice(0, Math.max(0, open.size - units))) open.delete(id);
      for (const [candidate, users] of [...busy]) {
        if (users > 0 || [...open.values()].includes(candidate)) continue;
        busy.delete(candidate);
        await closeUnit(candidate);
      }
    }
  }

  return {
    explain: (requestId) => enter(() => explainOne(sources, requestId, withUnit)),
    async close() {
      const all = [...busy.keys()];
      open.clear();
      busy.clear();
      for (const unit of all) await closeUnit(unit);
    },
  };
}

/** Explains one answer: see {@link Explanation}. @throws MR_SERVING_REQUEST_UNKNOWN */
export async function explain(options: ExplainSources & { readonly requestId: string }): Promise<Explanation> {
  const explainer = openExplainer(options);
  try {
    return await explainer.explain(options.requestId);
  } finally {
    await explainer.close();
  }
}

async function openUnit({ registry, usecase }: ExplainSources, unitId: string): Promise<OpenUnit> {
  const loaded = await registry.loadUnit(unitId);
  checkFit(usecase, loaded.manifest);
  return { ...loaded, model: await openModel(usecase, loaded.files) };
}

type WithUnit = <T>(unitId: string, use: (unit: OpenUnit) => Promise<T>) => Promise<T>;

async function explainOne(sources: ExplainSources, requestId: string, withUnit: WithUnit): Promise<Explanation> {
  const { usecase, lake, keys } = sources;
  const prediction = await findPrediction(lake, usecase, requestId);
  const { unit_id: unitId, version, user_id: subject } = prediction;
  const { name, kind, model } = usecase;
  const about = { requestId, usecase: name, kind, model: model.name, at: isoTime(prediction.at), unitId, version };
  if (subject !== null && (await keys.byPseudonym(subject)) === undefined) {
    return {
      status: 'erased',
      ...about,
      erasedOn: sources.audit === undefined ? undefined : await erasedOn(sources.audit, subject),
    };
  }
  const served = servedValues(prediction);
  const answer = answeredOf(prediction, served);
  const { windowed } = viewsOf(usecase);
  const [first] = windowed;
  const { feature_partition: partition, feature_offset: beforeOffset } = prediction;
  const position =
    first === undefined || partition === null || beforeOffset === null
      ? null
      : { topic: eventTopic(usecase, first.source.name), partition, beforeOffset };
  const shared = { status: 'explained', ...about, answer, subject, position, events: [] as Explained['events'] } as const;

  if (unitId === 'none') {
    const recomputed = compareRankings(answer, await fallbackAgain({ usecase, lake }, answer, facts(served)));
    return { ...shared, features: [], embeddings: [], release: null, recomputed, verified: recomputed.equal };
  }
  return withUnit(unitId, async ({ manifest, model }) => {
    const release = {
      files: manifest.files,
      dataset: manifest.dataset,
      featureViews: manifest.featureViews,
      codeCommit: manifest.codeCommit,
    };
    if (answer.fallback !== null) {
      const recomputed = compareRankings(answer, await fallbackAgain({ usecase, lake, model }, answer, facts(served)));
      return { ...shared, features: [], embeddings: [], release, recomputed, verified: recomputed.equal };
    }
    const [events, { inputs, features }, embeddings] = await Promise.all([
      first === undefined ? [] : eventsBehind(lake, usecase, first, prediction),
      featuresBehind(sources, prediction, served),
      embeddingsBehind(sources, prediction, embeddingUnit(manifest)),
    ]);
    for (const { name, vector } of embeddings) inputs.set(name, vector);
    const own = await eventBehind(usecase, lake, served);
    for (const { name, served: value } of own) inputs.set(name, value);
    features.push(...own);
    const recomputed = compareRankings(answer, await answerAgain(usecase, model, inputs, answer));
    const verified = recomputed.equal && features.every(({ equal }) => equal);
    return {
      ...shared,
      events,
      features,
      embeddings: embeddings.map(({ vector: _, ...about }) => about),
      release,
      recomputed,
      verified,
    };
  });
}

type Served = Readonly<Record<string, LoggedValue>>;

function servedValues(prediction: Prediction): Served {
  try {
    return JSON.parse(prediction.features) as Served;
  } catch (cause) {
    throw servingError('MR_SERVING_PREDICTION_BROKEN', `the features of ${prediction.request_id} are not JSON`, {
      field: 'features',
      cause,
    });
  }
}

const facts = (served: Served): Partial<RequestFacts> => served as unknown as Partial<RequestFacts>;

function answeredOf(prediction: Prediction, served: Served): Answered {
  const said = facts(served);
  return {
    items: prediction.items,
    scores: prediction.scores,
    k: said['request.k'] ?? prediction.items.length,
    exclude: said['request.exclude'] ?? [],
    fallback: prediction.fallback,
    reason: said['request.reason'] ?? null,
    coldStart: said['request.cold_start'] ?? false,
    confidence: prediction.confidence,
    latencyMs: prediction.latency_ms,
  };
}

/** The windowed values anew: over the lake's rows that the stream had applied, as of the answer's moment. */
async function featuresBehind({ usecase, lake }: ExplainSources, prediction: Prediction, served: Served) {
  const inputs = new Map<string, FeatureValue>();
  const features: FeatureBehind[] = [];
  for (const [index, view] of viewsOf(usecase).windowed.entries()) {
    const offset = index === 0 ? prediction.feature_offset : Number(served[`request.offset.${view.name}`] ?? 0);
    // Where there was no row there had been no event: nothing is below offset 0.
    const row = {
      entity: prediction.user_id ?? '',
      at: prediction.at,
      beforeOffset: offset ?? 0,
      partition: prediction.feature_partition ?? undefined,
    };
    const quarantined = await hasQuarantine(lake, usecase, view);
    const [values = {}] = await historicalFeatures(lake, { usecase, view, spine: [row], quarantined });
    for (const [feature, value] of Object.entries(values)) {
      const name = `${view.name}.${feature}`;
      inputs.set(name, value);
      const recomputed = value as LoggedValue;
      const was = served[name] ?? null;
      features.push({
        name,
        served: was,
        recomputed,
        equal: sameValue(view.features[feature]?.type ?? 'double', was, recomputed),
      });
    }
  }
  return { inputs, features };
}

/** The vectors anew: from the lake, opened with the subject's key; null where the unit had learnt none. */
async function embeddingsBehind({ usecase, lake, keys }: ExplainSources, prediction: Prediction, unit: string) {
  const pseudonym = prediction.user_id ?? '';
  return Promise.all(
    viewsOf(usecase).embeddings.map(async (view) => {
      const row = await sealedVector(lake, usecase, view, unit, pseudonym);
      const plain = row === undefined ? undefined : await openBytes(pseudonym, row.sealed, keys);
      const vector = plain === undefined ? null : decodeVector(plain);
      const learntAt = row === undefined ? null : isoTime(row.learntAt);
      return { name: `${view.name}.${view.feature}`, found: vector !== null, dimensions: view.dimensions, learntAt, vector };
    }),
  );
}
