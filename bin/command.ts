import type { Runtime } from '../app/runtime.ts';
import type { UseCase } from '../app/usecases/usecase.ts';

/** What a command of `bin/commands/<layer>.ts` gets: the data folder's runtime, and one way to answer. */
export interface CommandContext {
  /** The options before the command: `--data`, `--usecase`, `--json`. */
  options(): { readonly data: string; readonly usecase: string; readonly json?: boolean };
  /** Opens the data folder named by `--data`, made with `create`; closed when the command ends. @throws MR_CLI_DATA_MISSING */
  open(options?: { readonly create?: boolean }): Promise<Runtime>;
  /** The use case named by `--usecase`. */
  usecase(): Promise<UseCase>;
  /** Prints `human`, or `value` as one line of JSON under `--json`. Set `process.exitCode = 1` where the answer is bad news. */
  answer(value: unknown, human: string): void;
}
