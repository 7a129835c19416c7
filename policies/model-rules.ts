import type { Rule } from './rule.ts';

export const MODEL_RULES: readonly Rule[] = [];
