import { eventTopic } from '../ingestion/topics.ts';
import type { Prediction, RequestFacts } from '../serving/prediction.ts';
import type { Row } from '../usecases/event.ts';
import type { ClassifierUseCase, RecommenderUseCase, UseCase } from '../usecases/usecase.ts';
import { micros } from '../usecases/window.ts';
import { type HitRate, labelJoin } from './labels.ts';
import { outcomeJoin } from './outcomes.ts';

/** How well answers turn out, as their labels come in: the live hit rate of lists, or the live AUC of decisions. */
export interface LiveLabels {
  /** Topics with the events that labels are made of, and what to do with a row of each. */
  readonly topics: Readonly<Record<string, (row: Row) => void>>;
  /** An answer that the model gave. */
  answered(prediction: Prediction): void;
  mature(): void;
  hitRate(version?: number): HitRate;
  versions(): readonly number[];
}

export const liveLabels = (usecase: UseCase): LiveLabels => (usecase.kind === 'classifier' ? outcomes(usecase) : hits(usecase));

function hits(usecase: RecommenderUseCase): LiveLabels {
  const { label } = usecase.model;
  const { event } = label;
  const join = labelJoin({ maturity: micros(label.maturity) });
  return {
    ...join,
    topics: {
      [eventTopic(usecase, event.name)](row) {
        if (!label.hits.includes(String(row[label.weightBy]))) return;
        join.clicked(String(row[event.key]), { at: Number(row[event.time]), item: String(row[label.item]) });
      },
    },
    answered: (prediction) => {
      if (prediction.user_id !== null) join.answered(prediction.user_id, prediction);
    },
  };
}

function outcomes(usecase: ClassifierUseCase): LiveLabels {
  const { event, outcome, of, by, positive, maturity } = usecase.model.label;
  const join = outcomeJoin({ maturity: micros(maturity) });
  return {
    topics: {
      [eventTopic(usecase, event.name)]: (row) => join.seen(Number(row[event.time])),
      [eventTopic(usecase, outcome.name)](row) {
        const at = Number(row[outcome.time]);
        join.seen(at);
        if (positive.includes(String(row[by]))) join.turnedOut(String(row[of]), at);
      },
    },
    answered({ features, at, version, scores }) {
      const { 'request.event': id } = JSON.parse(features) as Partial<RequestFacts>;
      const [score] = scores;
      if (id !== undefined && score !== undefined) join.answered(id, { at, version, score });
    },
    mature: () => join.mature(),
    hitRate: (version) => join.rate(version),
    versions: () => join.versions(),
  };
}
