import type { Kind } from './model.ts';

/** How well a kind's answers turned out once their labels came in: what people call it, and its metric. */
export const LIVE_RATE: Readonly<Record<Kind, { readonly name: string; readonly metric: string; readonly help: string }>> = {
  recommender: {
    name: 'hit rate',
    metric: 'millrace_monitoring_live_hit_rate_ratio',
    help: 'Share of answers whose visitor acted on a recommended item before the label was final',
  },
  classifier: {
    name: 'AUC',
    metric: 'millrace_monitoring_live_auc_ratio',
    help: 'Area under the ROC curve of the newest decisions whose outcome is final',
  },
};
