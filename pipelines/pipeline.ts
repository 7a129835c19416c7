import type { Duration } from '../app/usecases/window.ts';
import { micros } from '../app/usecases/window.ts';

/**
 * A step is a function of its recorded input and the run's context, so one that died runs again from that input.
 * Input and output are JSON: they are recorded, and a step may run in another process or pod.
 */
export interface Step<Context, In, Out> {
  readonly name: string;
  readonly run: (input: In, context: Context) => Promise<Out>;
  /** Further tries after the first. @default 0 */
  readonly retries?: number;
  /** @default '10m' */
  readonly timeout?: Duration;
}

export interface Pipeline<Context = never, In = unknown, Out = unknown> {
  readonly name: string;
  readonly schedule: string | undefined;
  readonly steps: readonly Step<Context, unknown, unknown>[];
  step<Next>(step: Step<Context, Out, Next>): Pipeline<Context, In, Next>;
}

/** Starts an empty pipeline; steps wired in the wrong order do not compile. @throws RangeError for a name used twice */
export function definePipeline<Context, In>(options: {
  readonly name: string;
  readonly schedule?: string;
}): Pipeline<Context, In, In> {
  const extend = <Out>(steps: readonly Step<Context, unknown, unknown>[]): Pipeline<Context, In, Out> => ({
    name: options.name,
    schedule: options.schedule,
    steps,
    step<Next>(step: Step<Context, Out, Next>) {
      if (steps.some(({ name }) => name === step.name))
        throw new RangeError(`${options.name}: two steps are called '${step.name}'`);
      micros(step.timeout ?? '10m');
      return extend<Next>([...steps, step as unknown as Step<Context, unknown, unknown>]);
    },
  });
  return extend<In>([]);
}
