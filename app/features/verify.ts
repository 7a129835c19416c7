import type { Micros } from '../clock/port.ts';
import { eventTopic } from '../ingestion/topics.ts';
import type { Lake } from '../lake/port.ts';
import type { FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { historicalFeatures } from './historical.ts';
import { sameValue } from './same-value.ts';
import { name } from './sql.ts';
import type { FeatureValue } from './value.ts';

export interface VerifyOptions {
  readonly usecase: UseCase;
  readonly lake: Lake;
  /** Most answers to check. */
  readonly sample: number;
  /** Another seed draws other answers. */
  readonly seed: number;
  /** Only answers given at this moment or later. @default all */
  readonly since?: Micros;
}

export interface Mismatch {
  readonly requestId: string;
  /** `view.feature`. */
  readonly feature: string;
  readonly entity: string;
  readonly at: Micros;
  readonly served: FeatureValue;
  readonly recomputed: FeatureValue;
}

export interface Verified {
  /** Answers that were checked. */
  readonly answers: number;
  /** Feature values that were compared. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
  /** The same, as counts by view. */
  readonly views: Readonly<Record<string, { readonly compared: number; readonly mismatched: number }>>;
}

interface Served {
  readonly request_id: string;
  readonly user_id: string;
  readonly at: Micros;
  readonly feature_partition: number;
  readonly feature_offset: number;
  readonly features: string;
}

/**
 * Draws answers from the lake's prediction table and computes each windowed feature anew from the event rows: as of the
 * answer's moment, over the offsets that its feature row had applied. Whole numbers, texts and lists must be equal,
 * doubles within 1e-9 relative. Answers whose events are not all in the lake yet are left for later.
 */
export async function verifyServed({ usecase, lake, sample, seed, since = 0 }: VerifyOptions): Promise<Verified> {
  const windowed = usecase.views.filter((view): view is FeatureView => view.kind === 'windowed');
  const named = new Set(['prediction', ...windowed.flatMap(({ source }) => [source.name, `${source.name}_quarantine`])]);
  const tables: string[] = [];
  for (const name of named) if (await lake.has(`${usecase.name}.${name}`)) tables.push(`${usecase.name}.${name}`);
  const views = windowed.filter((view) => tables.includes(`${usecase.name}.${view.source.name}`));
  const result = { answers: 0, compared: 0, mismatches: [] as Mismatch[], views: {} as Record<string, Counted> };
  const first = firstOf(usecase, views);
  if (!tables.includes(`${usecase.name}.prediction`) || first === undefined) return result;
  const eventTable = `${usecase.name}.${first.source.name}`;
  const snapshot = await lake.snapshot(eventTable);
  const appId = (partition: number) => `${eventTopic(usecase, first.source.name)}-${partition}`;
  const drawn = await lake.query<Served>(
    `select request_id, user_id, "at", feature_partition, feature_offset, features from ${name(usecase.name)}."prediction"
     where user_id is not null and feature_partition is not null and feature_offset is not null
       and "at" >= make_timestamptz($since::bigint)
     order by md5(request_id || '/' || $seed::varchar), request_id limit $sample`,
    { params: { seed, sample, since } },
  );
  const served = drawn.filter(
    ({ feature_partition, feature_offset }) => feature_offset <= (snapshot.txn.get(appId(feature_partition)) ?? 0),
  );
  for (const view of views) {
    const compared = await compareView({ usecase, lake, view, first: view === first, served, tables });
    result.compared += compared.compared;
    result.mismatches.push(...compared.mismatches);
    result.views[view.name] = { compared: compared.compared, mismatched: compared.mismatches.length };
  }
  return { ...result, answers: served.length };
}

type Counted = Verified['views'][string];

/** The view whose row the answer's `feature_offset` speaks of: the first that the model reads, else the first there is. */
function firstOf(usecase: UseCase, views: readonly FeatureView[]): FeatureView | undefined {
  const read = new Set(usecase.model.inputs.map((input) => input.split('.')[0]));
  return views.find((view) => read.has(view.name)) ?? views[0];
}

interface Comparison {
  readonly usecase: UseCase;
  readonly lake: Lake;
  readonly view: FeatureView;
  readonly first: boolean;
  readonly served: readonly Served[];
  readonly tables: readonly string[];
}

async function compareView({ usecase, lake, view, first, served, tables }: Comparison) {
  const logged = served.map(({ features }) => JSON.parse(features) as Readonly<Record<string, FeatureValue>>);
  const recomputed = await historicalFeatures(lake, {
    usecase,
    view,
    quarantined: tables.includes(`${usecase.name}.${view.source.name}_quarantine`),
    spine: served.map((answer, i) => ({
      entity: answer.user_id,
      at: answer.at,
      beforeOffset: first ? answer.feature_offset : Number(logged[i]?.[`request.offset.${view.name}`] ?? 0),
      partition: first ? answer.feature_partition : undefined,
    })),
  });
  let compared = 0;
  const mismatches: Mismatch[] = [];
  served.forEach((answer, i) => {
    for (const [feature, { type }] of Object.entries(view.features)) {
      const was = logged[i]?.[`${view.name}.${feature}`];
      if (was === undefined) continue;
      compared++;
      const now = recomputed[i]?.[feature] ?? null;
      if (sameValue(type, was, now)) continue;
      mismatches.push({
        requestId: answer.request_id,
        feature: `${view.name}.${feature}`,
        entity: answer.user_id,
        at: answer.at,
        served: was,
        recomputed: now,
      });
    }
  });
  return { compared, mismatches };
}
