import { MINUTE, type Micros } from '../../app/clock/port.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Visit } from './source.ts';

/** A request to the domain route of a use case's kind. */
interface Question {
  readonly route: string;
  readonly body: unknown;
}

/** How visits ask: for items for their subject, or for a decision about their event. */
export interface Asking {
  question(visit: Visit): Question;
  /** An answer to a subject stands for this long; 0 where each event has an answer of its own. */
  readonly refresh: Micros;
}

/**
 * A visitor's page shows its list for this long before it asks again. Every visit asks when it begins: a random part of all
 * clicks would ask late in long visits, and the answers' features would differ from those of the visits themselves.
 */
const REFRESH: Micros = 2 * MINUTE;

export function askingOf(usecase: UseCase): Asking {
  if (usecase.kind === 'classifier')
    return { question: ({ wire }) => ({ route: '/v1/classify', body: { event: wire } }), refresh: 0 };
  const k = usecase.serving.k.default;
  return { question: ({ subject }) => ({ route: '/v1/recommend', body: { user: subject, k } }), refresh: REFRESH };
}
