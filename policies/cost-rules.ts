import { boundedSearch } from './governance/bounded-search.ts';
import { costLabels } from './governance/cost-labels.ts';
import { gpuBudget } from './governance/gpu-budget.ts';
import type { Rule } from './rule.ts';

export const COST_RULES: readonly Rule[] = [costLabels, gpuBudget, boundedSearch];
