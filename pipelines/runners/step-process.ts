import { join } from 'node:path';
import { openClock } from '../../app/clock/embedded.ts';
import { createLogger } from '../../app/logger.ts';
import { openRuntime } from '../../app/runtime.ts';
import { loadUseCase } from '../../app/usecases/load.ts';
import type { StepContext } from '../context.ts';
import type { Step } from '../pipeline.ts';
import type { StepMessage, StepOrder } from './embedded.ts';

/**
 * The process of one step: takes an order from its parent, runs the step that `find` knows by name, tells the output and
 * ends. Ends too when its parent is gone, so that a killed loop leaves nothing running.
 */
export function serveOneStep(find: (pipeline: string, step: string) => Step<StepContext, unknown, unknown>): void {
  const tell = (message: StepMessage) =>
    new Promise<void>((resolve) => {
      if (process.connected) process.send?.(message, () => resolve());
      else resolve();
    });
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => process.exit(1));
  // Ctrl-C reaches the whole group; the parent decides when its steps end.
  process.on('SIGINT', () => undefined);
  process.once('message', async (order: StepOrder) => {
    const logger = createLogger({ file: join(order.dataDir, 'millrace.log') }).child({ runId: order.runId, step: order.step });
    const runtime = openRuntime({ dataDir: order.dataDir, clock: openClock(order.dataDir), logger });
    try {
      const usecase = await loadUseCase(order.usecase);
      const progress = (message: string) => void tell({ kind: 'progress', message });
      const output = await find(order.pipeline, order.step).run(order.input, { runtime, usecase, runId: order.runId, progress });
      await runtime.close();
      await tell({ kind: 'done', output });
    } catch (cause) {
      runtime.logger.error({ err: cause }, 'step failed');
      await tell({ kind: 'failed', message: cause instanceof Error ? cause.message : String(cause) });
    }
    process.exit();
  });
}
