import type { FeatureValue } from '../features/value.ts';
import type { ReleaseFile } from '../registry/release.ts';
import { type Classifier, openClassifier } from '../training/classifier/classifier.ts';
import { openRecommender, type Recommender } from '../training/recommender.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** A release's model, open for answering, by kind. */
export type OpenModel =
  | { readonly kind: 'recommender'; readonly recommender: Recommender }
  | { readonly kind: 'classifier'; readonly classifier: Classifier };

/** @throws MR_TRAINING_MODEL_BROKEN */
export async function openModel(
  { kind }: Pick<UseCase, 'kind'>,
  files: Readonly<Record<ReleaseFile, Buffer>>,
): Promise<OpenModel> {
  const bytes = { onnx: files['model.onnx'], modelJson: files['model.json'] };
  return kind === 'classifier'
    ? { kind, classifier: await openClassifier(bytes) }
    : { kind, recommender: await openRecommender(bytes) };
}

export const closeModel = async (model: OpenModel): Promise<void> =>
  model.kind === 'classifier' ? model.classifier.close() : model.recommender.close();

/** What a model gave, as the prediction log holds it: items best first, or one decision; a score each. */
export interface Given {
  readonly items: readonly string[];
  readonly scores: readonly number[];
  /** A classifier's is the probability of the class looked for. */
  readonly confidence: number | null;
}

/** The decision whose least probability the probability reaches. */
export function decisionOf(decisions: Readonly<Record<string, number>>, probability: number): string {
  const reached = Object.entries(decisions).filter(([, least]) => probability >= least);
  const strictest = reached.sort(([, a], [, b]) => b - a)[0];
  if (strictest === undefined) throw new RangeError(`no decision is declared for the probability ${probability}`);
  return strictest[0];
}

/** One decision, to answer and, by explain, to make the answer again. @throws RangeError for a score that is no probability */
export async function decideOn(
  classifier: Pick<Classifier, 'score'>,
  decisions: Readonly<Record<string, number>>,
  inputs: ReadonlyMap<string, FeatureValue>,
): Promise<Given> {
  const probability = await classifier.score(inputs);
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`the model gave ${probability}, which is no probability`);
  return { items: [decisionOf(decisions, probability)], scores: [probability], confidence: probability };
}
