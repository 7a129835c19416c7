import type { PageState } from '../state.ts';

/** What the page calls things, by the kind of the use case. */
export const WORDS: Readonly<
  Record<PageState['kind'], Readonly<Record<'answers' | 'none' | 'given' | 'fallback' | 'baseline' | 'live', string>>>
> = {
  recommender: {
    answers: 'Recent recommendations',
    none: 'No recommendation was asked for yet.',
    given: 'first items',
    fallback: 'visitors get the popular items',
    baseline: 'popularity',
    live: 'hit rate',
  },
  classifier: {
    answers: 'Recent decisions',
    none: 'No decision was asked for yet.',
    given: 'decision',
    fallback: 'the declared fallback decides',
    baseline: 'best-rule',
    live: 'AUC',
  },
};
