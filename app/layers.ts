/** The layers, in the order data flows through them. The trees of `app/`, `test/` and `bin/commands/` follow this list. */
export const DATA_LAYERS = [
  'ingestion',
  'validation',
  'lake',
  'features',
  'training',
  'registry',
  'delivery',
  'serving',
  'monitoring',
] as const;

/** The layer that cuts across all others. */
export const ACROSS = 'governance' as const;

export const LAYERS = [...DATA_LAYERS, ACROSS] as const;
