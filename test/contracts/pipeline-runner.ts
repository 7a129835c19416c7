import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, beforeEach, describe, test } from 'node:test';
import type { PipelineRunner, RunProgress } from '../../pipelines/runners/port.ts';
import { counting, trace } from '../pipelines/counting.ts';

export interface RunnerUnderTest {
  readonly runner: PipelineRunner;
  readonly dataDir: string;
  readonly progress: readonly RunProgress[];
  /** Another runner over the same data, as after a crash of the first. */
  again(): Promise<RunnerUnderTest>;
  close(): Promise<void>;
}

/** What every pipeline runner must do. */
export function pipelineRunnerContract(name: string, open: () => Promise<RunnerUnderTest>): void {
  describe(`pipeline runner: ${name}`, () => {
    let subject: RunnerUnderTest;
    const opened: RunnerUnderTest[] = [];
    beforeEach(async () => {
      subject = await open();
      opened.push(subject);
    });
    after(async () => {
      for (const one of opened) await one.close();
    });
    const started = () =>
      existsSync(trace(subject.dataDir)) ? readFileSync(trace(subject.dataDir), 'utf8').trim().split('\n') : [];

    test('steps run in order, each on the output of the one before', async () => {
      const run = await subject.runner.run(counting as never, { value: 1 } as never, 'a test');
      assert.deepEqual(run.output, { value: 4 });
      assert.equal(run.reason, 'a test');
      assert.deepEqual(started(), ['first', 'second', 'third']);
    });

    test('a step tells what it is doing while it runs', async () => {
      await subject.runner.run(counting as never, { value: 1 } as never, 'a test');
      assert.ok(subject.progress.some(({ step, message }) => step === 'second' && message === 'in second'));
    });

    test('a step whose process dies is tried again from its recorded input, as often as it allows', async () => {
      const run = await subject.runner.run(counting as never, { value: 1, dieOnceIn: 'second' } as never, 'a test');
      assert.equal((run.output as { value: number }).value, 4);
      assert.deepEqual(started(), ['first', 'second', 'second', 'third']);
    });

    test('a step without retries fails the run, which names the step and its cause', async () => {
      await assert.rejects(subject.runner.run(counting as never, { value: 1, failIn: 'first' } as never, 'a test'), {
        code: 'MR_PIPELINES_STEP_FAILED',
        message: /counting\/first: first was told to fail/,
      });
      assert.deepEqual(started(), ['first']);
    });

    test('a step that outlasts its time is ended', async () => {
      await assert.rejects(
        subject.runner.run(counting as never, { value: 1, hangIn: 'third' } as never, 'a test'),
        /counting\/third: no answer within 3s/,
      );
      assert.deepEqual(subject.runner.pids(), []);
    });

    test('a run cut short goes on from its last finished step, and only once', async () => {
      const cut = subject.runner.run(counting as never, { value: 1, hangIn: 'second' } as never, 'a test');
      cut.catch(() => undefined);
      while (!started().includes('second')) await new Promise((resolve) => setTimeout(resolve, 20));
      await subject.runner.close();
      await assert.rejects(cut);

      const next = await subject.again();
      opened.push(next);
      const before = started().length;
      const finished = next.runner.resume(counting as never);
      while (started().length === before) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(started().at(-1), 'second', 'the finished first step is not run again');
      await next.runner.close();
      await assert.rejects(finished);
    });
  });
}
