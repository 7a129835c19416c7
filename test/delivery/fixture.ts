import { DAY, type Micros } from '../../app/clock/port.ts';
import type { JudgedData } from '../../app/delivery/judged-data.ts';
import type { FeatureValue } from '../../app/features/value.ts';
import { viewHash } from '../../app/features/view-hash.ts';
import { sha256 } from '../../app/registry/digest.ts';
import type { ReleaseFile, ReleaseManifest } from '../../app/registry/release.ts';
import type { Version } from '../../app/registry/version.ts';
import { fit, parametersOf } from '../../app/training/fit.ts';
import { completeMoments, draftMoments, planFolds } from '../../app/training/folds.ts';
import { recommenderInputs } from '../../app/training/inputs.ts';
import { type Interaction, type Interactions, interactions } from '../../app/training/interactions.ts';
import { encodeModelFile, type RecommenderModel } from '../../app/training/model-file.ts';
import { recommenderOnnx } from '../../app/training/onnx/recommender-graph.ts';
import { schemaHash } from '../../app/training/schema-hash.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { RecommenderUseCase } from '../../app/usecases/usecase.ts';
import { type Fixture, MODEL } from '../registry/fixture.ts';
import { planted } from '../training/planted.ts';

/** The shop with limits that fit a small planted world. */
export const shop: RecommenderUseCase = {
  ...retail,
  model: { ...retail.model, segments: { new: 0, light: 3, heavy: 20 } },
  gate: {
    ...retail.gate,
    floors: { recallAt20: 0.5, coverage: 0.1 },
    segmentFloors: { light: 0.05, heavy: 0.1 },
    latencyBudgetMs: 20,
    // Four groups of like items are soon told apart.
    adversarial: { ...retail.gate.adversarial, maxCopied: 0.95 },
    approval: 'other-person',
  },
};

export const PARAMETERS = { factors: 8, regularization: 0.05, alpha: 10, iterations: 6, popularityBlend: 0 };

export const plantedRows = (seed = 7): Interaction[] => planted({ seed, users: 400, items: 160, groups: 4, perUser: 24 });

/** The data that a version is judged on, features computed by hand: the last 20 items, and the number of events. */
export function judgedData(rows: readonly Interaction[], usecase: RecommenderUseCase = shop): JudgedData {
  const events = interactions(rows);
  const { roles, embedding } = recommenderInputs(usecase);
  const [fold] = planFolds(events, { count: 3, horizon: 2 * DAY });
  if (fold === undefined) throw new Error('no fold');
  const drafts = draftMoments(events, fold, usecase.model.segments);
  const byUser = Map.groupBy(
    [...rows].sort((a, b) => a.at - b.at),
    ({ user }) => user,
  );
  const features = drafts.map(({ entity, at }) => {
    const past = (byUser.get(entity) ?? []).filter((row) => row.at <= at && row.at > at - 30 * DAY);
    const recent = past
      .slice(-20)
      .map(({ item }) => item)
      .reverse();
    return new Map<string, FeatureValue>([
      [roles.recent, recent],
      [roles.activity, past.length],
    ]);
  });
  return { events, fold, moments: completeMoments(drafts, features, roles.recent), roles, embedding, queryHash: QUERY };
}

const QUERY = sha256('the query');
export const untilOf = ({ events }: { readonly events: Interactions }): Micros => (events.at.at(-1) as number) + 1;

export interface Shipment {
  readonly data: JudgedData;
  /** What the shipped weights are learnt from, where it is not the data. */
  readonly learnFrom?: Interactions;
  readonly parameters?: typeof PARAMETERS;
  readonly spoil?: (model: RecommenderModel) => RecommenderModel;
  readonly files?: (files: Record<ReleaseFile, Buffer>) => Partial<Record<ReleaseFile, Buffer>>;
  readonly manifest?: Partial<ReleaseManifest>;
  readonly author?: string;
}

/** Trains, writes the files and registers, as the trainer does. */
export async function ship(fixture: Fixture, shipment: Shipment): Promise<Version> {
  const { data, learnFrom = data.events, parameters = PARAMETERS, spoil = (model) => model } = shipment;
  const { roles, embedding } = data;
  const seed = shop.model.seed;
  const options = { before: untilOf(data), parameters: parametersOf(parameters), roles, minSupport: embedding.minSupport, seed };
  const model = spoil(fit({ events: learnFrom, ...options }).model);
  const bytes: Record<ReleaseFile, Buffer> = {
    'model.onnx': recommenderOnnx(model),
    'model.json': encodeModelFile(model),
    'profile.json': Buffer.from('{}'),
    'card.md': Buffer.from(`# Model card\n\n${'It orders the items of a planted shop. '.repeat(4)}\n`),
  };
  Object.assign(bytes, shipment.files?.(bytes));
  const base = await fixture.release();
  const prefix = `releases/${MODEL}/${sha256(`${base.prefix} shipped`)}/`;
  const files = {} as Record<ReleaseFile, { sha256: string; bytes: number }>;
  for (const [name, body] of Object.entries(bytes) as [ReleaseFile, Buffer][]) {
    await fixture.objects.put(`${prefix}${name}`, body);
    files[name] = { sha256: sha256(body), bytes: body.length };
  }
  const manifest: ReleaseManifest = {
    ...base,
    prefix,
    files,
    inputs: shop.model.inputs,
    featureViews: Object.fromEntries(shop.views.map((view) => [view.name, viewHash(view)])),
    schemaHash: schemaHash(shop),
    dataset: { ...base.dataset, queryHash: QUERY, until: untilOf(data), rows: data.events.at.length },
    parameters,
    seed,
    ...shipment.manifest,
  };
  return fixture.registry.register(manifest, shipment.author ?? 'workload:trainer');
}
