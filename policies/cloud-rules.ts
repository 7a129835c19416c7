import type { Rule } from './rule.ts';

export const CLOUD_RULES: readonly Rule[] = [];
