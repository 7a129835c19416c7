import { openClock } from '../../app/clock/embedded.ts';
import { openRuntime } from '../../app/runtime.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import { findStep } from '../index.ts';
import type { StepMessage, StepOrder } from './embedded.ts';

/** The process of one step: takes an order, runs the step, tells its output, ends. Ends too when its parent is gone. */
const tell = (message: StepMessage) =>
  new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });

process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => process.exit(1));
process.once('message', async (order: StepOrder) => {
  const runtime = openRuntime({ dataDir: order.dataDir, clock: openClock(order.dataDir) });
  try {
    const usecase = await loadUseCase(order.usecase);
    const step = findStep(order.pipeline, order.step);
    const progress = (message: string) => void tell({ kind: 'progress', message });
    const output = await step.run(order.input, { runtime, usecase, runId: order.runId, progress });
    await runtime.close();
    await tell({ kind: 'done', output });
  } catch (cause) {
    runtime.logger.error({ err: cause, runId: order.runId, step: order.step }, 'step failed');
    await tell({ kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) });
  }
  process.exit();
});
