import type { Clock } from '../../app/clock/port.ts';
import type { AuditSink } from '../../app/governance/audit-sink/port.ts';
import { coolDown } from '../../app/monitoring/cool-down.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { type Delivered, retrain } from '../retrain.ts';
import type { FinishedRun, PipelineRunner } from '../runners/port.ts';

export interface Retraining {
  /** Starts one, unless one runs or the cool-down holds; undefined then. */
  start(reason: string): Promise<FinishedRun<Delivered>> | undefined;
  running(): boolean;
  /** Why the one that runs was started. */
  reason(): string | undefined;
  last(): FinishedRun<Delivered> | undefined;
}

/** One retraining at a time, each with its reason in the audit log, and a cool-down between two. */
export function retraining(options: {
  readonly usecase: UseCase;
  readonly runner: PipelineRunner;
  readonly audit: AuditSink;
  readonly clock: Clock;
}): Retraining {
  const { usecase, audit, clock } = options;
  const gate = coolDown(micros(usecase.monitors.retrain.coolDown));
  let last: FinishedRun<Delivered> | undefined;
  let running: string | undefined;

  async function run(reason: string): Promise<FinishedRun<Delivered>> {
    const act = (verb: 'start' | 'done' | 'fail', detail: Readonly<Record<string, string | number | boolean>>) =>
      audit.append({
        action: `pipelines.retrain.${verb}`,
        actor: 'workload:loop',
        subject: usecase.model.name,
        outcome: verb === 'fail' ? 'failed' : 'done',
        detail: { reason, ...detail },
      });
    await act('start', {});
    try {
      last = await options.runner.run(retrain, { reason }, reason);
      await act('done', { version: last.output.version, verdict: last.output.verdict, promoted: last.output.promoted });
      return last;
    } catch (cause) {
      await act('fail', { error: (cause as Error).message });
      throw cause;
    } finally {
      running = undefined;
      gate.ended();
    }
  }

  return {
    start(reason) {
      if (!gate.tryStart(clock.now())) return undefined;
      running = reason;
      return run(reason);
    },
    running: () => running !== undefined,
    reason: () => running,
    last: () => last,
  };
}
