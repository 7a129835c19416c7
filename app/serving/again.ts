import type { FeatureValue } from '../features/value.ts';
import type { Lake } from '../lake/port.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { fallbackItems, rank } from './answer.ts';
import type { Answered } from './explanation.ts';
import { decideOn, type OpenModel } from './model.ts';
import { countPopular } from './popularity.ts';
import type { RequestFacts } from './prediction.ts';

type Again = Pick<Answered, 'items' | 'scores'>;

/** The model's answer once more, from inputs that were computed again. */
export async function answerAgain(
  usecase: UseCase,
  model: OpenModel,
  inputs: ReadonlyMap<string, FeatureValue>,
  { k, exclude }: Pick<Answered, 'k' | 'exclude'>,
): Promise<Again> {
  if (model.kind === 'recommender') return rank(model.recommender, inputs, k, exclude);
  return decideOn(model.classifier, usecase.kind === 'classifier' ? usecase.serving.decisions : {}, inputs);
}

/** What the declared fallback answers, with the unit's model or, where none was loaded, without. */
export async function fallbackAgain(
  { usecase, lake, model }: { readonly usecase: UseCase; readonly lake: Lake; readonly model?: OpenModel },
  { k, exclude }: Pick<Answered, 'k' | 'exclude'>,
  facts: Partial<RequestFacts>,
): Promise<Again> {
  if (usecase.kind === 'classifier') return { items: [usecase.serving.fallback], scores: [] };
  if (model?.kind === 'recommender') return { items: fallbackItems(model.recommender, undefined, k, exclude), scores: [] };
  const { 'request.popularity_table': table = null, 'request.popularity_version': version = 0 } = facts;
  const popular = await countPopular(lake, usecase, { table, version });
  return { items: fallbackItems(undefined, popular, k, exclude), scores: [] };
}
