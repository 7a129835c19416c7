import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../app/clock/embedded.ts';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import type { PostgresOptions } from '../../app/registry/metadata/postgres-connection.ts';
import { lastRetraining, recordedTraining } from '../../pipelines/retrainings.ts';
import { embeddedRunner } from '../../pipelines/runners/embedded.ts';
import type { RunProgress } from '../../pipelines/runners/port.ts';
import { pipelineRunnerContract, type RunnerUnderTest } from '../contracts/pipeline-runner.ts';
import { standOn } from '../registry/ground.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

/** The tests of what keeps metadata, each again on Postgres: imported, they are registered before the first of them runs. */
import '../ingestion/api-pull.test.ts';
import '../registry/metadata/settings.test.ts';
import '../registry/registry.test.ts';
import '../registry/snapshot.test.ts';
import '../registry/state-machine.test.ts';
import '../registry/tampering.test.ts';

let starting: Promise<PostgresServer> | undefined;
const database = async (): Promise<PostgresOptions> => {
  starting ??= startPostgres();
  return (await starting).database();
};
after(async () => (await starting)?.stop());
standOn(async () => openPostgresMetadata(await database()));

async function runnerOver(dataDir: string, options: PostgresOptions, owns: boolean): Promise<RunnerUnderTest> {
  const metadata = await openPostgresMetadata(options);
  const progress: RunProgress[] = [];
  const runner = embeddedRunner({
    dataDir,
    usecase: 'retail',
    metadata,
    clock: systemClock,
    onProgress: (newest) => progress.push(newest),
    child: join(import.meta.dirname, '../pipelines/counting-child.ts'),
  });
  return {
    runner,
    dataDir,
    progress,
    again: () => runnerOver(dataDir, options, false),
    async close() {
      await runner.close();
      await metadata.close();
      if (owns) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

pipelineRunnerContract('embedded, its runs in Postgres', async () =>
  runnerOver(mkdtempSync(join(tmpdir(), 'millrace-runner-')), await database(), true),
);

test('when a training started and ended last comes back as numbers', async () => {
  const metadata = await openPostgresMetadata(await database());
  const usecase = { name: 'retail' };
  assert.deepEqual(await lastRetraining(metadata, usecase), { startedAt: undefined, endedAt: undefined });
  const before = systemClock.now();
  await recordedTraining({ metadata, clock: systemClock, usecase, reason: 'a test' }, async () => 1);
  const { startedAt, endedAt } = await lastRetraining(metadata, usecase);
  assert.ok((startedAt as number) >= before && (endedAt as number) >= (startedAt as number));
  await metadata.close();
});

test('all of that stood on Postgres', async () => {
  await database();
  const made = await (await starting)?.admin('postgres', `select datname from pg_database where datname like 'metadata%'`);
  assert.ok((made?.length ?? 0) > 30, String(made?.length));
});
