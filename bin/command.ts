import type { Runtime } from '../app/runtime.ts';
import type { UseCase } from '../app/usecases/usecase.ts';

/** What a command of `bin/commands/<layer>.ts` gets: the data folder's runtime, and one way to answer. */
export interface CommandContext {
  /** Opens the data folder named by `--data`; closed when the command ends. */
  open(): Promise<Runtime>;
  /** The use case named by `--usecase`. */
  usecase(): Promise<UseCase>;
  /** Prints `human`, or `value` as one line of JSON under `--json`. */
  answer(value: unknown, human: string): void;
}
