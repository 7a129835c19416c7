import type { EmbeddingView, FeatureView } from '../usecases/feature.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { trainingError } from './errors.ts';

/** Which `view.feature` plays which part in the recommender. */
export interface InputRoles {
  /** The embedding: the user's taste. */
  readonly taste: string;
  /** The string[] feature: item ids, newest first. They are folded in and filtered out. */
  readonly recent: string;
  /** The long feature: number of events of late. */
  readonly activity: string;
}

export interface RecommenderInputs {
  readonly roles: InputRoles;
  readonly embedding: EmbeddingView;
  /** Windowed views that the model reads. */
  readonly windowed: readonly FeatureView[];
}

/** Finds the parts by type among `model.inputs`. @throws MR_TRAINING_INPUTS where one is missing or there are two */
export function recommenderInputs(usecase: Pick<UseCase, 'model' | 'views' | 'name'>): RecommenderInputs {
  const found: { readonly input: string; readonly type: string; readonly view: UseCase['views'][number] }[] = [];
  for (const input of usecase.model.inputs) {
    const [viewName = '', feature = ''] = input.split('.');
    const view = usecase.views.find(({ name }) => name === viewName);
    if (view?.kind === 'embedding' && view.feature === feature) found.push({ input, type: 'float[]', view });
    else if (view?.kind === 'windowed') found.push({ input, type: view.features[feature]?.type ?? 'unknown', view });
  }
  const one = (type: string) => {
    const matches = found.filter((candidate) => candidate.type === type);
    const [match] = matches;
    if (matches.length === 1 && match !== undefined) return match;
    throw trainingError(
      'MR_TRAINING_INPUTS',
      `${usecase.model.name} reads ${matches.length} inputs of type ${type}; expected one`,
      {
        field: `${usecase.name}.model.inputs`,
        value: usecase.model.inputs,
        expected: 'one float[], one string[] and one long input',
      },
    );
  };
  const [taste, recent, activity] = [one('float[]'), one('string[]'), one('long')];
  return {
    roles: { taste: taste.input, recent: recent.input, activity: activity.input },
    embedding: taste.view as EmbeddingView,
    windowed: [...new Set([recent.view, activity.view])].filter((view) => view.kind === 'windowed'),
  };
}
