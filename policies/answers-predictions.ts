import { LAYER } from '../app/usecases/annotations.ts';
import { equals, label, type Predicate } from './expression.ts';

/** The object belongs to what answers predictions. */
export const answersPredictions: Predicate = equals(label(LAYER), 'serving');
