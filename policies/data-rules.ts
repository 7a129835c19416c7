import { completeView } from './features/complete-view.ts';
import { lawfulFeatures } from './features/lawful-features.ts';
import { oneDefinition } from './features/one-definition.ts';
import { erasureManifest } from './governance/erasure-manifest.ts';
import { oneRetention } from './governance/one-retention.ts';
import { classifiedData } from './ingestion/classified-data.ts';
import { deadLetters } from './ingestion/dead-letters.ts';
import { durableTopic } from './ingestion/durable-topic.ts';
import { namedPrincipals } from './ingestion/named-principals.ts';
import { rateCaps } from './ingestion/rate-caps.ts';
import { guardedBucket } from './lake/guarded-bucket.ts';
import type { Rule } from './rule.ts';
import { compatibleSchema } from './validation/compatible-schema.ts';
import { gatedWriters } from './validation/gated-writers.ts';

export const DATA_RULES: readonly Rule[] = [
  classifiedData,
  compatibleSchema,
  durableTopic,
  oneRetention,
  deadLetters,
  guardedBucket,
  gatedWriters,
  completeView,
  oneDefinition,
  lawfulFeatures,
  erasureManifest,
  namedPrincipals,
  rateCaps,
];
