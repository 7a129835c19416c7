import { auditBucket } from './governance/audit-bucket.ts';
import { clusterEndpoint } from './governance/cluster-endpoint.ts';
import { encryptionKeys } from './governance/encryption-keys.ts';
import { guardedStores } from './governance/guarded-stores.ts';
import { privateNodes } from './governance/private-nodes.ts';
import { protectedState } from './governance/protected-state.ts';
import { regions } from './governance/regions.ts';
import { workloadIdentity } from './governance/workload-identity.ts';
import type { Rule } from './rule.ts';

export const CLOUD_RULES: readonly Rule[] = [
  clusterEndpoint,
  privateNodes,
  workloadIdentity,
  guardedStores,
  auditBucket,
  protectedState,
  regions,
  encryptionKeys,
];
