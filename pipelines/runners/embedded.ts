import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../app/clock/port.ts';
import { SECOND } from '../../app/clock/port.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { micros } from '../../app/usecases/window.ts';
import { pipelineError } from '../errors.ts';
import type { Pipeline, Step } from '../pipeline.ts';
import type { FinishedRun, PipelineRunner, RunProgress } from './port.ts';

export interface EmbeddedRunnerOptions {
  readonly dataDir: string;
  readonly usecase: string;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly onProgress?: (progress: RunProgress) => void;
  /** The script a step's process runs. @default the one beside this file */
  readonly child?: string;
}

/** What a step's process is told, and what it tells. */
export interface StepOrder {
  readonly dataDir: string;
  readonly usecase: string;
  readonly pipeline: string;
  readonly step: string;
  readonly runId: string;
  readonly input: unknown;
}
export type StepMessage =
  | { readonly kind: 'progress'; readonly message: string }
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'failed'; readonly message: string };

/** Each step is a child process of its own: training never blocks serving, and its memory goes when it ends. */
export function embeddedRunner(options: EmbeddedRunnerOptions): PipelineRunner {
  const { metadata, clock } = options;
  const children = new Set<ChildProcess>();
  let closing = false;

  async function runStep(runId: string, pipeline: string, step: Step<never, unknown, unknown>, input: unknown): Promise<unknown> {
    const tries = 1 + (step.retries ?? 0);
    for (let attempt = 1; ; attempt += 1) {
      await metadata.db
        .insertInto('steps')
        .values({
          run_id: runId,
          step: step.name,
          state: 'running',
          attempt,
          input: JSON.stringify(input),
          output: null,
          started_at: clock.now(),
          ended_at: null,
          error: null,
        })
        .execute();
      const done = (state: 'done' | 'failed', output: unknown, message: string | null) =>
        metadata.db
          .updateTable('steps')
          .set({ state, output: output === undefined ? null : JSON.stringify(output), error: message, ended_at: clock.now() })
          .where('run_id', '=', runId)
          .where('step', '=', step.name)
          .where('state', '=', 'running')
          .execute();
      try {
        const output = await inChild(runId, pipeline, step, input, attempt);
        await done('done', output, null);
        return output;
      } catch (cause) {
        if (closing) throw cause;
        await done('failed', undefined, (cause as Error).message);
        if (attempt >= tries) throw cause;
      }
    }
  }

  function inChild(
    runId: string,
    pipeline: string,
    step: Step<never, unknown, unknown>,
    input: unknown,
    attempt: number,
  ): Promise<unknown> {
    const tell = (message: string) => options.onProgress?.({ runId, pipeline, step: step.name, attempt, message });
    const order: StepOrder = { dataDir: options.dataDir, usecase: options.usecase, pipeline, step: step.name, runId, input };
    return new Promise((resolve, reject) => {
      const child = fork(options.child ?? join(import.meta.dirname, 'child.ts'), {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      children.add(child);
      let answer: StepMessage | undefined;
      const limit = micros(step.timeout ?? '10m') / (SECOND / 1000);
      const timer = setTimeout(() => {
        answer = { kind: 'failed', message: `no answer within ${step.timeout ?? '10m'}` };
        child.kill('SIGKILL');
      }, limit);
      child.on('message', (message: StepMessage) => {
        if (message.kind === 'progress') tell(message.message);
        else answer = message;
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        children.delete(child);
        if (answer?.kind === 'done') return resolve(answer.output);
        const cause = answer?.kind === 'failed' ? answer.message : `its process ended with ${signal ?? `code ${code}`}`;
        reject(
          pipelineError('MR_PIPELINES_STEP_FAILED', `${pipeline}/${step.name}: ${cause}`, {
            field: `${pipeline}.${step.name}`,
            value: runId,
            expected: 'an output',
          }),
        );
      });
      tell('started');
      child.send(order);
    });
  }

  async function finish<In, Out>(
    pipeline: Pipeline<never, In, Out>,
    runId: string,
    reason: string,
    from: number,
    input: unknown,
  ): Promise<FinishedRun<Out>> {
    const settle = (state: 'done' | 'failed', message: string | null) =>
      metadata.db.updateTable('runs').set({ state, error: message, ended_at: clock.now() }).where('id', '=', runId).execute();
    let value = input;
    try {
      for (const step of pipeline.steps.slice(from)) value = await runStep(runId, pipeline.name, step, value);
    } catch (cause) {
      if (!closing) await settle('failed', (cause as Error).message);
      throw cause;
    }
    await settle('done', null);
    return { runId, reason, output: value as Out };
  }

  return {
    async run(pipeline, input, reason) {
      const runId = randomUUID();
      await metadata.db
        .insertInto('runs')
        .values({
          id: runId,
          pipeline: pipeline.name,
          reason,
          state: 'running',
          started_at: clock.now(),
          ended_at: null,
          input: JSON.stringify(input),
          error: null,
        })
        .execute();
      return finish(pipeline, runId, reason, 0, input);
    },
    async resume(pipeline) {
      const left = await metadata.db
        .selectFrom('runs')
        .selectAll()
        .where('pipeline', '=', pipeline.name)
        .where('state', '=', 'running')
        .orderBy('started_at')
        .execute();
      const finished = [];
      for (const run of left) {
        const steps = await metadata.db.selectFrom('steps').selectAll().where('run_id', '=', run.id).execute();
        await metadata.db
          .updateTable('steps')
          .set({ state: 'failed', error: 'the process ended', ended_at: clock.now() })
          .where('run_id', '=', run.id)
          .where('state', '=', 'running')
          .execute();
        const outputs = new Map(steps.filter(({ state }) => state === 'done').map((step) => [step.step, step.output]));
        const next = pipeline.steps.findIndex(({ name }) => !outputs.has(name));
        const from = next === -1 ? pipeline.steps.length : next;
        const before = pipeline.steps[from - 1];
        const recorded = before === undefined ? run.input : outputs.get(before.name);
        finished.push(
          await finish(
            pipeline,
            run.id,
            run.reason,
            from,
            recorded === null || recorded === undefined ? undefined : JSON.parse(recorded),
          ),
        );
      }
      return finished;
    },
    pids: () => [...children].flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    async close() {
      closing = true;
      await Promise.all(
        [...children].map(
          (child) =>
            new Promise<void>((resolve) => {
              child.once('exit', () => resolve());
              child.kill('SIGTERM');
            }),
        ),
      );
    },
  };
}
