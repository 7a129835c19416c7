import { IDLE_MINUTES, MAX_TRIALS, SETTING, WATCHES } from '../../app/usecases/annotations.ts';
import { whole } from '../amounts.ts';
import { containersIn, ofKind, runs, word, wordPath, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { alertsOf, settingsOf } from '../serving-objects.ts';
import { violation } from '../violation.ts';
import { gpuPools } from './gpu-budget.ts';

const MOST_TRIALS = 1_000;
const MOST_IDLE_MINUTES = 30;

export const boundedSearch: StackRule = {
  id: 'F03',
  name: 'governance-bounded-search',
  layer: 'governance',
  severity: 'advisory',
  title: 'Searches are bounded in trials, and a GPU that idles for half an hour is reported',
  control: ['FinOps: usage optimization'],
  reason: 'A search without an end and a GPU that nobody uses are the two ways to lose a month’s budget in a night.',
  remediation: `Set \`maxTrials\` of the trainer (${MAX_TRIALS} equals ${SETTING.maxTrials}) and \`gpu.idleMinutes\` of the stack.`,
  kinds: ['kubernetes:*', 'aws:eks/nodeGroup:NodeGroup'],
  checkStack: (resources) => [
    ...workloads(resources, 'training')
      .filter((workload) => ofKind([workload], 'CronJob', 'CronWorkflow', 'Job').length > 0)
      .filter((workload) => containersIn(workload).some((container) => runs(container, 'training', 'run')))
      .flatMap(trialsOf),
    ...gpuPools(resources).flatMap((pool) => idleOf(resources, pool)),
  ],
};

function trialsOf(workload: Resource): readonly Violation[] {
  const trials = word(workload, MAX_TRIALS);
  const count = whole(trials) ?? 0;
  const setting = settingsOf(workload)[SETTING.maxTrials];
  if (count >= 1 && count <= MOST_TRIALS && String(setting) === trials) return [];
  const expected = `trials, from 1 to ${MOST_TRIALS}, equal to ${SETTING.maxTrials}`;
  return [violation(boundedSearch, workload, { property: wordPath(workload, MAX_TRIALS), found: trials, expected })];
}

/** Karpenter's pools say after how long; an alert of the stack must fire no later. */
function idleOf(resources: readonly Resource[], pool: Resource): readonly Violation[] {
  const minutes = alertsOf(resources)
    .filter(({ labels }) => labels[WATCHES] === 'gpu-idle')
    .map((alert) => minutesOf(alert.for));
  const limit = Math.min(whole(word(pool, IDLE_MINUTES)) ?? MOST_IDLE_MINUTES, MOST_IDLE_MINUTES);
  if (minutes.some((after) => after <= limit)) return [];
  const expected = `an alert labelled ${WATCHES}: gpu-idle that fires after ${limit} minutes or sooner`;
  return [violation(boundedSearch, pool, { property: IDLE_MINUTES, found: word(pool, IDLE_MINUTES), expected })];
}

/** Minutes of a Prometheus duration, e.g. `1h30m`. */
function minutesOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)([smhd])/g)];
  const minutes = { s: 1 / 60, m: 1, h: 60, d: 1_440 } as const;
  return parts.length === 0
    ? Number.POSITIVE_INFINITY
    : parts.reduce((total, [, count, unit]) => total + Number(count) * minutes[unit as keyof typeof minutes], 0);
}
