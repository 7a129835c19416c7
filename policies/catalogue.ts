import { CLOUD_RULES } from './cloud-rules.ts';
import { CLUSTER_RULES } from './cluster-rules.ts';
import { COST_RULES } from './cost-rules.ts';
import { DATA_RULES } from './data-rules.ts';
import { MODEL_RULES } from './model-rules.ts';
import type { Rule } from './rule.ts';
import { SERVING_RULES } from './serving-rules.ts';

/** Every rule, in the order of the catalogue. */
export const RULES: readonly Rule[] = [
  ...DATA_RULES,
  ...MODEL_RULES,
  ...SERVING_RULES,
  ...CLUSTER_RULES,
  ...CLOUD_RULES,
  ...COST_RULES,
];
