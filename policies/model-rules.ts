import { robustnessReport } from './delivery/robustness-report.ts';
import { sliceGate } from './delivery/slice-gate.ts';
import { billOfMaterials } from './governance/bill-of-materials.ts';
import { separateDuties } from './governance/separate-duties.ts';
import { driftMonitors } from './monitoring/drift-monitors.ts';
import { modelAge } from './monitoring/model-age.ts';
import { championAlias } from './registry/champion-alias.ts';
import { formerChampions } from './registry/former-champions.ts';
import type { Rule } from './rule.ts';
import { inertFormats } from './serving/inert-formats.ts';
import { releaseApproved } from './serving/release-approved.ts';
import { minimumSupport } from './training/minimum-support.ts';
import { noEgress } from './training/no-egress.ts';
import { pinnedRun } from './training/pinned-run.ts';

export const MODEL_RULES: readonly Rule[] = [
  pinnedRun,
  releaseApproved,
  sliceGate,
  championAlias,
  inertFormats,
  noEgress,
  separateDuties,
  driftMonitors,
  modelAge,
  formerChampions,
  robustnessReport,
  minimumSupport,
  billOfMaterials,
];
