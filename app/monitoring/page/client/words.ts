import type { PageState } from '../state.ts';

/** What the page calls things, by the kind of the use case. */
export const WORDS: Readonly<
  Record<
    PageState['kind'],
    Readonly<
      Record<'answers' | 'none' | 'why' | 'given' | 'fallback' | 'baseline' | 'live' | 'subject' | 'subjects' | 'events', string>
    >
  >
> = {
  recommender: {
    answers: 'Recent recommendations',
    none: 'No recommendation was asked for yet.',
    why: 'Why these items',
    given: 'first items',
    fallback: 'visitors get the popular items',
    baseline: 'popularity',
    live: 'hit rate',
    subject: 'visitor',
    subjects: 'visitors',
    events: 'clicks',
  },
  classifier: {
    answers: 'Recent decisions',
    none: 'No decision was asked for yet.',
    why: 'Why this decision',
    given: 'decision',
    fallback: 'the declared fallback decides',
    baseline: 'best-rule',
    live: 'AUC',
    subject: 'subject',
    subjects: 'subjects',
    events: 'events',
  },
};
