import type { IncomingMessage, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import type { Logger } from 'pino';
import { traceRequests } from '../monitoring/tracing/web.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { ServingMetrics } from './metrics.ts';
import { answerFault, answerProblems } from './problem.ts';
import { makeRequestId } from './request-id.ts';

export type Web = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** What a route tells the metrics about its answer. */
export const FALLBACK = Symbol('fallback');

/** Largest body of a request, bytes. */
const BODY_LIMIT = 64 * 1024;

/** The HTTP server without its routes: strict schemas, problem documents, OpenAPI at `/docs`, metrics of each request. */
export async function openWeb(options: {
  readonly usecase: UseCase;
  readonly logger: Logger;
  readonly metrics: ServingMetrics;
}): Promise<Web> {
  const { usecase, logger, metrics } = options;
  const app: Web = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: makeRequestId,
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    // What the schema does not name is refused, and nothing is turned into what it is not.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: false } },
    frameworkErrors: answerFault,
    routerOptions: { maxParamLength: 128 },
  }).withTypeProvider<TypeBoxTypeProvider>();
  answerProblems(app);
  traceRequests(app);
  measure(app, metrics);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: `${usecase.model.name}`, description: usecase.purpose, version: '1' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      tags: [
        usecase.kind === 'classifier'
          ? { name: 'classify', description: 'A decision about an event' }
          : { name: 'recommend', description: 'Items for a user' },
        { name: 'inference', description: 'Open Inference Protocol, version 2' },
        { name: 'explain', description: 'How an answer came about' },
        { name: 'operate', description: 'Health and metrics' },
      ],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null }, staticCSP: true });
  return app;
}

function measure(app: Web, metrics: ServingMetrics): void {
  app.addHook('onRequest', async (request, reply) => {
    metrics.inFlight.inc();
    reply.header('x-request-id', request.id);
  });
  const finish = (request: { routeOptions: { url?: string | undefined } }, status: string, fallback: string, seconds: number) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.inFlight.dec();
    metrics.requests.inc({ route, status, fallback });
    metrics.seconds.observe({ route }, seconds);
  };
  app.addHook('onResponse', async (request, reply) => {
    const { [FALLBACK]: fallback } = reply as { [FALLBACK]?: string | null };
    finish(request, String(reply.statusCode), fallback ?? 'none', reply.elapsedTime / 1000);
  });
}

/** Says which fallback answered, for the metrics. */
export function markFallback(reply: object, fallback: string | null): void {
  (reply as { [FALLBACK]?: string | null })[FALLBACK] = fallback;
}

/**
 * Stops listening and waits for the requests in flight, at most `graceMs`. A connection that falls idle meanwhile is
 * closed at once: kept alive, it would hold the server for more than a minute.
 */
export async function closeWeb(app: Web, graceMs: number): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 20);
  const late = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
}
