import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../app/clock/embedded.ts';
import { openRuntime } from '../../app/runtime.ts';
import { embeddedRunner } from '../../pipelines/runners/embedded.ts';
import type { RunProgress } from '../../pipelines/runners/port.ts';
import { pipelineRunnerContract, type RunnerUnderTest } from './pipeline-runner.ts';

async function openOver(dataDir: string, owns: boolean): Promise<RunnerUnderTest> {
  const runtime = openRuntime({ dataDir });
  const progress: RunProgress[] = [];
  const runner = embeddedRunner({
    dataDir,
    usecase: 'retail',
    metadata: await runtime.use('metadata'),
    clock: systemClock,
    onProgress: (newest) => progress.push(newest),
    child: join(import.meta.dirname, '../pipelines/counting-child.ts'),
  });
  return {
    runner,
    dataDir,
    progress,
    again: () => openOver(dataDir, false),
    async close() {
      await runner.close();
      await runtime.close();
      if (owns) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

pipelineRunnerContract('embedded', () => openOver(mkdtempSync(join(tmpdir(), 'millrace-runner-')), true));
