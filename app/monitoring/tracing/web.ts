import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { currentTracer, type Span } from './span.ts';

const SPAN = Symbol('span');
/** Asked every few seconds by who watches; nobody asks how long that took. */
const UNTRACED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/startupz', '/metrics']);

type Held = FastifyRequest & { [SPAN]?: Span };

/**
 * A span for each request of a server, going on from the caller's where it names one; what handles the request is within it. Set
 * up for servers that start once the process has its tracer, as all do that open a store first; the others pay nothing.
 */
export function traceRequests(app: Pick<FastifyInstance, 'addHook'>): void {
  if (currentTracer() === undefined) return;
  app.addHook('onRequest', (request: Held, _reply: FastifyReply, done: () => void) => {
    const tracer = currentTracer();
    const route = request.routeOptions.url;
    if (tracer === undefined || route === undefined || UNTRACED.has(route)) return done();
    const parent = request.headers['traceparent'];
    const span = tracer.start(`${request.method} ${route}`, {
      kind: 'server',
      parent: typeof parent === 'string' ? parent : undefined,
      attributes: { 'http.request.method': request.method, 'http.route': route },
    });
    request[SPAN] = span;
    tracer.within(span, done);
  });
  app.addHook('onResponse', (request: Held, reply: FastifyReply, done: () => void) => {
    const span = request[SPAN];
    span?.set({ 'http.response.status_code': reply.statusCode });
    if (reply.statusCode >= 500) span?.fail(undefined);
    span?.end();
    done();
  });
  // A caller that went away gets no response.
  app.addHook('onRequestAbort', (request: Held, done: () => void) => {
    request[SPAN]?.end();
    done();
  });
}
