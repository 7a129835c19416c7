import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { UseCase } from '../usecases/usecase.ts';
import type { Intake } from './intake.ts';

const MAX_LETTERS = 1000;

/** What a command asks of a running process, which holds the log: status, dead letters, their replay. */
export function adminRoutes(
  app: FastifyInstance,
  intake: Intake,
  usecase: UseCase,
  onRequest: (request: FastifyRequest) => Promise<void>,
): void {
  const read = (query: unknown) => {
    const { event, limit } = (query ?? {}) as Readonly<Record<string, unknown>>;
    const wanted = Number(limit);
    return {
      event: typeof event === 'string' ? event : (usecase.events[0]?.name ?? ''),
      limit: Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_LETTERS) : 20,
    };
  };
  app.get('/v1/status', { onRequest }, () => intake.status());
  app.get('/v1/dead', { onRequest }, async (request) => {
    const { event, limit } = read(request.query);
    return { letters: await intake.letters(event, limit) };
  });
  app.post('/v1/dead/replay', { onRequest }, (request) => intake.replay(read(request.query).event));
}
