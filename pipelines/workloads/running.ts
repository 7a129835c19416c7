import type { Registry as Metrics } from 'prom-client';
import type { Runtime } from '../../app/runtime.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';

export interface WorkloadOptions {
  readonly runtime: Runtime;
  readonly usecase: UseCase;
  /** 0 for a free one. */
  readonly port: number;
  readonly host: string;
}

/** A workload that answers or follows until it is told to stop. */
export interface RunningWorkload {
  /** Where `/healthz`, `/readyz` and `/metrics` are, and its routes where it has some. */
  readonly url: string;
  readonly metrics: Metrics;
  /** Takes nothing new, ends what it holds, makes it durable. The runtime stays open. */
  close(): Promise<void>;
}
