import type { Rule } from './rule.ts';

export const SERVING_RULES: readonly Rule[] = [];
