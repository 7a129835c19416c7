import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from 'fastify';
import type { Logger } from 'pino';
import { MillraceError } from '../../errors.ts';
import { monitoringError } from '../errors.ts';
import { loadAssets } from './assets.ts';
import { CONTENT_SECURITY_POLICY, DOCUMENT } from './document.ts';
import { guardHost } from './host-guard.ts';
import type { PageState } from './state.ts';
import { shareState } from './stream.ts';

export interface PageServerOptions {
  /** What the page shows; asked once a second while somebody looks. */
  readonly state: () => Promise<PageState>;
  /** How one answer came about, as JSON. */
  readonly explain: (requestId: string) => Promise<unknown>;
  /** Metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** Time between two states of the stream, milliseconds. @default 1000 */
  readonly everyMs?: number;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
} as const;

/** Starts the live page: static files, the state as JSON and as a stream, explanations, metrics. @throws MR_MONITORING_PORT_TAKEN */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { state, explain, metrics, host, port, logger } = options;
  const assets = await loadAssets();
  const shared = shareState({ state, logger, everyMs: options.everyMs ?? 1000 });
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    bodyLimit: 1024,
  });
  app.addHook('onRequest', guardHost(host));
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  answerFaults(app);

  app.get('/', async (_request, reply) => reply.type('text/html; charset=utf-8').send(DOCUMENT));
  for (const [path, { type, body }] of assets) app.get(path, async (_request, reply) => reply.type(type).send(body));
  app.get('/api/state', async () => state());
  app.get('/api/stream', (_request, reply) => {
    reply.hijack();
    shared.watch(reply.raw, HEADERS);
  });
  app.get<{ Params: { requestId: string } }>('/api/explain/:requestId', async (request) => explain(request.params.requestId));
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()));
  app.get('/healthz', async () => ({ status: 'ok' }));

  await listen(app, host, port);
  return {
    url: addressOf(app),
    async close() {
      await shared.close();
      await app.close();
    },
  };
}

/** Each fault as a problem document (RFC 9457), also a route that is not there. */
function answerFaults(app: FastifyInstance): void {
  const send = (reply: FastifyReply, status: number, problem: Readonly<Record<string, unknown>>) =>
    reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
  app.setErrorHandler((cause: Error & { readonly statusCode?: number }, request, reply) => {
    const fault =
      cause instanceof MillraceError
        ? cause
        : monitoringError(
            'MR_MONITORING_PAGE_FAILED',
            `${request.method} ${request.url.split('?')[0]} failed: ${cause.message}`,
            {
              cause,
            },
          );
    if (fault.kind.status >= 500) request.log.error({ err: cause }, fault.message);
    return send(reply, fault.kind.status, fault.toProblem());
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const fault = monitoringError('MR_MONITORING_ROUTE_UNKNOWN', `The page has nothing at ${path}`, {
      field: 'path',
      expected: '/',
    });
    return send(reply, fault.kind.status, fault.toProblem());
  });
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw monitoringError('MR_MONITORING_PORT_TAKEN', `Port ${port} of ${host} is in use`, {
      field: '--port',
      value: port,
      expected: 'a free port',
      cause,
    });
  }
}

function addressOf(app: FastifyInstance): string {
  const [address] = app.addresses();
  if (typeof address !== 'object') throw new RangeError('the page listens nowhere');
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
