import type { StepContext } from './context.ts';
import { pipelineError } from './errors.ts';
import type { Pipeline, Step } from './pipeline.ts';
import { retrain } from './retrain.ts';

/** All pipelines, by name: what a runner's child process looks its step up in. */
const PIPELINES: Readonly<Record<string, Pipeline<StepContext, never, unknown>>> = {
  [retrain.name]: retrain as unknown as Pipeline<StepContext, never, unknown>,
};

/** @throws MR_PIPELINES_UNKNOWN */
export function findStep(pipeline: string, name: string): Step<StepContext, unknown, unknown> {
  const step = PIPELINES[pipeline]?.steps.find((candidate) => candidate.name === name);
  if (step === undefined) {
    throw pipelineError('MR_PIPELINES_UNKNOWN', `There is no step '${pipeline}/${name}'`, {
      field: 'pipeline',
      value: `${pipeline}/${name}`,
      expected: `a step of ${Object.keys(PIPELINES).join(', ')}`,
    });
  }
  return step;
}
