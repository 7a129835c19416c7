import type { Duration } from '../../app/usecases/window.ts';

/** Longest a model serves: last week's taste. What it learnt is held as long. */
export const MODEL_MAX_AGE: Duration = '7d';
