import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { StepContext } from '../../pipelines/context.ts';
import { definePipeline } from '../../pipelines/pipeline.ts';

/** Each start of a step leaves a line here, so that a test can count them. */
export const trace = (dataDir: string): string => join(dataDir, 'trace');

export interface Count {
  readonly value: number;
  /** Name of a step that kills its own process the first time. */
  readonly dieOnceIn?: string;
  /** Name of a step that always throws. */
  readonly failIn?: string;
  /** Name of a step that never ends. */
  readonly hangIn?: string;
}

async function stand(step: string, input: Count, { runtime, progress }: StepContext): Promise<Count> {
  const before = existsSync(trace(runtime.dataDir))
    ? readFileSync(trace(runtime.dataDir), 'utf8')
        .split('\n')
        .filter((line) => line === step).length
    : 0;
  appendFileSync(trace(runtime.dataDir), `${step}\n`);
  progress(`in ${step}`);
  if (input.dieOnceIn === step && before === 0) process.kill(process.pid, 'SIGKILL');
  if (input.failIn === step) throw new Error(`${step} was told to fail`);
  if (input.hangIn === step) await pause(60_000);
  return { ...input, value: input.value + 1 };
}

/** Three steps that add one each, and misbehave when told to. */
export const counting = definePipeline<StepContext, Count>({ name: 'counting' })
  .step({ name: 'first', run: (input, context) => stand('first', input, context) })
  .step({ name: 'second', retries: 1, run: (input, context) => stand('second', input, context) })
  .step({ name: 'third', timeout: '3s', run: (input, context) => stand('third', input, context) });
