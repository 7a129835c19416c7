import { randomUUID } from 'node:crypto';
import type { Clock } from '../app/clock/port.ts';
import type { Retrained } from '../app/monitoring/retrain-decision.ts';
import { traced } from '../app/monitoring/tracing/span.ts';
import type { Metadata } from '../app/registry/metadata/port.ts';
import type { UseCase } from '../app/usecases/usecase.ts';
import { retrain } from './retrain.ts';

/** Under what name `millrace training run` is recorded: no runner resumes it. A cluster's use cases share one store. */
const trainingOf = ({ name }: Pick<UseCase, 'name'>): string => `${name}.training`;

/** When the newest retraining started and ended, whoever ran it. */
export async function lastRetraining(
  metadata: Metadata,
  usecase: Pick<UseCase, 'name'>,
): Promise<Pick<Retrained, 'startedAt' | 'endedAt'>> {
  const newest = await metadata.db
    .selectFrom('runs')
    .select(({ fn }) => [fn.max('started_at').as('startedAt'), fn.max('ended_at').as('endedAt')])
    .where('pipeline', 'in', [retrain.name, trainingOf(usecase)])
    .executeTakeFirst();
  const moment = (value: number | string | null | undefined) => (value == null ? undefined : Number(value));
  return { startedAt: moment(newest?.startedAt), endedAt: moment(newest?.endedAt) };
}

/** Runs a training with its start, its reason and its end on record. One that is killed stays on record as running. */
export async function recordedTraining<T>(
  options: {
    readonly metadata: Metadata;
    readonly clock: Clock;
    readonly usecase: Pick<UseCase, 'name'>;
    readonly reason: string;
  },
  run: () => Promise<T>,
): Promise<T> {
  const { metadata, clock, usecase, reason } = options;
  const id = randomUUID();
  const row = { id, pipeline: trainingOf(usecase), reason, state: 'running', input: JSON.stringify({ reason }) } as const;
  await metadata.db
    .insertInto('runs')
    .values({ ...row, started_at: clock.now(), ended_at: null, error: null })
    .execute();
  const settle = (state: 'done' | 'failed', error: string | null) =>
    metadata.db.updateTable('runs').set({ state, error, ended_at: clock.now() }).where('id', '=', id).execute();
  try {
    const result = await traced('training run', { attributes: { 'millrace.usecase': usecase.name } }, run);
    await settle('done', null);
    return result;
  } catch (cause) {
    await settle('failed', (cause as Error).message);
    throw cause;
  }
}
