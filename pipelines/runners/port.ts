import type { Pipeline } from '../pipeline.ts';

/** Runs pipelines so that a run that died goes on from its last finished step. */
export interface PipelineRunner {
  /** Resolves to the last step's output. @throws MR_PIPELINES_STEP_FAILED naming the step and its cause */
  run<In, Out>(pipeline: Pipeline<never, In, Out>, input: In, reason: string): Promise<FinishedRun<Out>>;
  /** Continues the runs of this pipeline that a crash left unfinished, oldest first. */
  resume<In, Out>(pipeline: Pipeline<never, In, Out>): Promise<readonly FinishedRun<Out>[]>;
  /** Processes at work now, for measuring memory; empty where steps run elsewhere. */
  pids(): readonly number[];
  close(): Promise<void>;
}

export interface FinishedRun<Out> {
  readonly runId: string;
  readonly reason: string;
  readonly output: Out;
}

export interface RunProgress {
  readonly runId: string;
  readonly pipeline: string;
  readonly step: string;
  readonly attempt: number;
  /** What the step says it is doing, or its state. */
  readonly message: string;
}
