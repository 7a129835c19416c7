import type { Clock, Micros } from '../../app/clock/port.ts';
import type { AuditSink } from '../../app/governance/audit-sink/port.ts';
import { type DriftAsk, driftReason } from '../../app/monitoring/drift.ts';
import { heldBack, passedOver } from '../../app/monitoring/retrain-decision.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { type Delivered, retrain } from '../retrain.ts';
import { lastRetraining } from '../retrainings.ts';
import type { FinishedRun, PipelineRunner } from '../runners/port.ts';

/** Why the first run of a data folder is made: there is no model yet. */
export const FIRST_MODEL = 'first model';

export interface Retraining {
  /** Starts one, unless one runs or the cool-down holds; undefined then. */
  start(reason: string): Promise<FinishedRun<Delivered>> | undefined;
  /** Starts one because a drift asks for it, unless the decision passes it over. */
  answer(ask: DriftAsk): Promise<FinishedRun<Delivered>> | undefined;
  /** Reads when earlier processes last retrained, so that a restart does not end a cool-down. */
  recall(): Promise<void>;
  running(): boolean;
  /** Why the one that runs was started. */
  reason(): string | undefined;
  last(): FinishedRun<Delivered> | undefined;
  /** Those that ended well in this process, oldest first. */
  finished(): readonly FinishedRun<Delivered>[];
}

/** One retraining at a time, each with its reason in the audit log, and a cool-down between two. */
export function retraining(options: {
  readonly usecase: UseCase;
  readonly runner: PipelineRunner;
  readonly metadata: Metadata;
  readonly audit: AuditSink;
  readonly clock: Clock;
}): Retraining {
  const { usecase, audit, clock } = options;
  const coolDown = micros(usecase.monitors.retrain.coolDown);
  const finished: FinishedRun<Delivered>[] = [];
  let running: string | undefined;
  let startedAt: Micros | undefined;
  let endedAt: Micros | undefined;
  const retrained = () => ({ running: running !== undefined, startedAt, endedAt });

  async function run(reason: string): Promise<FinishedRun<Delivered>> {
    const act = (verb: 'start' | 'done' | 'fail', detail: Readonly<Record<string, string | number | boolean>>) =>
      audit.append({
        action: `pipelines.retrain.${verb}`,
        actor: 'workload:loop',
        subject: usecase.model.name,
        outcome: verb === 'fail' ? 'failed' : 'done',
        detail: { reason, ...detail },
      });
    try {
      await act('start', {});
      const ended = await options.runner.run(retrain, { reason }, reason);
      finished.push(ended);
      const { version, verdict, promoted } = ended.output;
      await act('done', { version, verdict, promoted });
      return ended;
    } catch (cause) {
      await act('fail', { error: (cause as Error).message });
      throw cause;
    } finally {
      running = undefined;
      endedAt = clock.now();
    }
  }

  function start(reason: string): Promise<FinishedRun<Delivered>> | undefined {
    const now = clock.now();
    if (heldBack(retrained(), coolDown, now) !== undefined) return undefined;
    running = reason;
    startedAt = now;
    return run(reason);
  }

  return {
    start,
    answer: (ask) => (passedOver(ask, retrained(), coolDown, clock.now()) === undefined ? start(driftReason(ask)) : undefined),
    async recall() {
      const newest = await lastRetraining(options.metadata, usecase);
      const later = (one: Micros | undefined, other: Micros | undefined) =>
        one === undefined ? other : other === undefined ? one : Math.max(one, other);
      startedAt = later(startedAt, newest.startedAt);
      endedAt = later(endedAt, newest.endedAt);
    },
    running: () => running !== undefined,
    reason: () => running,
    last: () => finished.at(-1),
    finished: () => finished,
  };
}
