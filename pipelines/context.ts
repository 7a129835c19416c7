import type { Runtime } from '../app/runtime.ts';
import type { UseCase } from '../app/usecases/usecase.ts';

/** What every step gets beside its input. */
export interface StepContext {
  readonly runtime: Runtime;
  readonly usecase: UseCase;
  readonly runId: string;
  /** Tells the watcher what the step is doing; shown in the task list and on the page. */
  readonly progress: (message: string) => void;
}
