import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Registry as Metrics } from 'prom-client';
import { MillraceError } from '../../app/errors.ts';
import { pipelineError } from '../errors.ts';

export interface ProbeOptions {
  readonly port: number;
  readonly host: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Whether it does its work now; asked at each look. A failure counts as no. */
  readonly ready: () => Promise<boolean>;
  /** Counts as started once it listens, where its first work may take long. @default once it was ready */
  readonly startsLong?: boolean;
  /** False once it has stopped for good, so that it is started anew. @default true as long as it answers */
  readonly alive?: () => boolean;
}

export interface Probes {
  readonly app: FastifyInstance;
  /** Begins to listen, once the caller's own routes are there. @throws MR_PIPELINES_PORT_TAKEN */
  listen(): Promise<string>;
  close(): Promise<void>;
}

/**
 * The HTTP side of a workload that answers nobody but the cluster: `/startupz` from the first time that its work went on (or at once,
 * where that may take long), `/readyz` while it does, `/healthz` while the process answers and has not stopped, `/metrics` for Prometheus.
 */
export function openProbes(options: ProbeOptions): Probes {
  const { logger, metrics } = options;
  let closing = false;
  let started = options.startsLong === true;
  const isReady = async () => {
    const ready = !closing && (await options.ready().catch(() => false));
    started ||= ready;
    return ready;
  };
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024,
    requestTimeout: 10_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
  });
  app.setErrorHandler((fault: Error, _request, reply) => {
    const known =
      fault instanceof MillraceError
        ? fault
        : pipelineError('MR_PIPELINES_WORKLOAD_FAILED', 'the workload failed', { cause: fault });
    if (known.kind.status >= 500) logger.error({ err: fault }, 'a request failed');
    return reply.status(known.kind.status).type('application/problem+json').send(known.toProblem());
  });
  app.setNotFoundHandler(() => {
    throw pipelineError('MR_PIPELINES_ROUTE', 'there is no such route', {
      expected: '/startupz, /readyz, /healthz, /metrics, or one of its own',
    });
  });
  // A connection kept alive would hold the close up until it times out.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.get('/healthz', async (_request, reply) => {
    const alive = options.alive?.() !== false;
    return reply.code(alive ? 200 : 503).send({ status: alive ? 'ok' : 'stopped' });
  });
  app.get('/startupz', async (_request, reply) => {
    if (!started) await isReady();
    return reply.code(started ? 200 : 503).send({ started });
  });
  app.get('/readyz', async (_request, reply) => {
    const ready = await isReady();
    return reply.code(ready ? 200 : 503).send({ ready, closing });
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  return {
    app,
    async listen() {
      try {
        return await app.listen({ host: options.host, port: options.port });
      } catch (cause) {
        await app.close();
        if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
        throw pipelineError('MR_PIPELINES_PORT_TAKEN', `port ${options.port} of ${options.host} is taken`, {
          field: '--port',
          value: options.port,
          expected: 'a free port',
          cause,
        });
      }
    },
    close() {
      closing = true;
      return app.close();
    },
  };
}
