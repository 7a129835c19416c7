import { boundedResources } from './governance/bounded-resources.ts';
import { defaultDeny } from './governance/default-deny.ts';
import { mountedSecret } from './governance/mounted-secret.ts';
import { narrowRole } from './governance/narrow-role.ts';
import { ownAccount } from './governance/own-account.ts';
import { pinnedImage } from './governance/pinned-image.ts';
import { priorityOrder } from './governance/priority-order.ts';
import { restrictedNamespace } from './governance/restricted-namespace.ts';
import type { Rule } from './rule.ts';
import { boundedRun } from './training/bounded-run.ts';
import { gpuPool } from './training/gpu-pool.ts';
import { gpuQuota } from './training/gpu-quota.ts';
import { gpuRequest } from './training/gpu-request.ts';

export const CLUSTER_RULES: readonly Rule[] = [
  restrictedNamespace,
  defaultDeny,
  pinnedImage,
  boundedResources,
  ownAccount,
  narrowRole,
  mountedSecret,
  gpuPool,
  gpuRequest,
  gpuQuota,
  priorityOrder,
  boundedRun,
];
