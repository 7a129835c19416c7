import { createHash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyBaseLogger, type FastifyError, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import { Counter, Histogram, type Registry } from 'prom-client';
import { MillraceError } from '../errors.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { TOKENS } from '../governance/tokens.ts';
import { traceRequests } from '../monitoring/tracing/web.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { adminRoutes } from './collector-admin.ts';
import { ingestionError } from './errors.ts';
import type { Intake, Receipt } from './intake.ts';

export interface CollectorOptions {
  readonly intake: Intake;
  readonly keys: KeyStore;
  readonly usecase: UseCase;
  readonly audit?: AuditSink;
  /** 0 for a free one. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  readonly logger: Logger;
  readonly metrics?: Registry;
  /** Whether it also serves status, dead letters and their replay. @default true */
  readonly admin?: boolean;
}

export interface Collector {
  readonly url: string;
  /** No new requests; those in flight are answered. */
  close(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;
const MAX_BATCH = 1000;
/** Refused tokens are audited at most this often. */
const AUDIT_EVERY_MS = 10_000;

/**
 * HTTP collector. `POST /v1/events` takes one event or `{"event": name, "events": [...]}` and answers 202 with a receipt for
 * each once the log has them; a single event that breaks the rules is 422. Idempotent by event id; bearer token required.
 * @throws MR_INGESTION_PORT_TAKEN
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { intake, usecase, logger } = options;
  const wanted = digest(await options.keys.secret(TOKENS.collector));
  const count = counters(options.metrics);
  let closing = false;
  let auditedAt = Number.NEGATIVE_INFINITY;
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
  });
  traceRequests(app);
  // Fastify reads text/plain by itself; here a body is JSON or refused.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const known = knownFault(error);
    if (known.kind.status >= 500) logger.error({ err: error }, 'the collector failed');
    return reply.status(known.kind.status).type('application/problem+json').send(known.toProblem());
  });
  // A connection kept alive would hold the close up until it times out.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.setNotFoundHandler(() => {
    throw ingestionError('MR_INGESTION_ROUTE', 'there is no such route', {
      expected: 'POST /v1/events, /startupz, /readyz or /healthz',
    });
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => ({ status: 'ready' }));
  // It listens once its stores are open: then it has started.
  app.get('/startupz', async () => ({ status: 'started' }));
  const { metrics } = options;
  if (metrics !== undefined)
    app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));

  const onRequest = async (request: FastifyRequest): Promise<void> => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && timingSafeEqual(digest(token), wanted)) return;
    if (options.audit !== undefined && performance.now() - auditedAt > AUDIT_EVERY_MS) {
      auditedAt = performance.now();
      const subject = `${request.method} ${request.routeOptions.url ?? ''}`;
      await options.audit.append({ action: 'ingestion.access.refuse', actor: 'anonymous', subject, outcome: 'refused' });
    }
    throw ingestionError('MR_INGESTION_TOKEN', token === undefined ? 'there is no bearer token' : 'the token is not valid', {
      field: 'authorization',
      expected: 'Bearer <collector token>',
    });
  };
  app.post('/v1/events', { onRequest }, async (request, reply) => {
    const started = performance.now();
    const { event, events, single } = readBody(request.body, usecase);
    const receipts = await intake.accept(event, events, sourceOf(request.headers['x-millrace-source']));
    for (const { status } of receipts) count.events?.inc({ event, status });
    count.seconds?.observe((performance.now() - started) / 1000);
    const [first] = receipts;
    if (single && first?.status === 'refused') throw refusal(first);
    return reply.status(202).send({ receipts });
  });
  if (options.admin !== false) adminRoutes(app, intake, usecase, onRequest);
  const { host = '127.0.0.1' } = options;
  try {
    const url = await app.listen({ host, port: options.port });
    return {
      url,
      close() {
        closing = true;
        return app.close();
      },
    };
  } catch (cause) {
    await app.close();
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw ingestionError('MR_INGESTION_PORT_TAKEN', `port ${options.port} of ${host} is taken`, {
      field: '--port',
      value: options.port,
      expected: 'a free port',
      cause,
    });
  }
}

/** Of equal length whatever the token, so that the comparison takes equal time. */
const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Who brought it, as a command of ours says when it comes through a running collector. */
const sourceOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' && /^[\w.:/-]{1,200}$/.test(header) ? `collector: ${header}` : 'collector';

function refusal(receipt: Extract<Receipt, { status: 'refused' }>): MillraceError {
  const [fault] = receipt.faults;
  const field = fault?.field ?? '(event)';
  return ingestionError('MR_INGESTION_EVENT_REFUSED', `${field}: ${fault?.reason}`, {
    field,
    value: fault?.value,
    expected: fault?.expected ?? '',
  });
}

function readBody(body: unknown, usecase: UseCase): { event: string; events: readonly unknown[]; single: boolean } {
  const only = usecase.events.length === 1 ? usecase.events[0]?.name : undefined;
  const invalid = (field: string, value: unknown, expected: string) =>
    ingestionError('MR_INGESTION_BODY_INVALID', `${field} is not what is expected`, { field, value, expected });
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('(body)', Array.isArray(body) ? '(array)' : typeof body, 'a JSON object');
  const { event: named, events, ...rest } = body as Readonly<Record<string, unknown>>;
  if (named !== undefined && typeof named !== 'string') throw invalid('event', typeof named, 'the name of an event');
  const event = named ?? only;
  if (event === undefined) throw invalid('event', named, `one of ${usecase.events.map(({ name }) => name).join(', ')}`);
  if (events === undefined) return { event, events: [rest], single: true };
  if (!Array.isArray(events) || events.length === 0 || events.length > MAX_BATCH) {
    throw invalid('events', Array.isArray(events) ? events.length : typeof events, `an array of 1 to ${MAX_BATCH} events`);
  }
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw invalid(stray, '(unknown)', 'only `event` and `events` beside each other');
  return { event, events, single: false };
}

function knownFault(error: FastifyError): MillraceError {
  if (error instanceof MillraceError) return error;
  if (error.statusCode === 413)
    return ingestionError('MR_INGESTION_BODY_TOO_LARGE', 'the body is too large', {
      field: 'body',
      expected: `at most ${BODY_LIMIT} bytes`,
    });
  if (error.statusCode === 415)
    return ingestionError('MR_INGESTION_CONTENT_TYPE', 'the body is not declared as JSON', {
      field: 'content-type',
      expected: 'application/json',
    });
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return ingestionError('MR_INGESTION_BODY_MALFORMED', 'the body is not JSON', {
      field: 'body',
      expected: 'JSON without __proto__',
    });
  }
  return ingestionError('MR_INGESTION_INTERNAL', 'the collector failed', { cause: error });
}

function counters(registry: Registry | undefined) {
  if (registry === undefined) return {};
  const registers = [registry];
  return {
    events: new Counter({
      name: 'millrace_ingestion_events_total',
      help: 'Events brought to the collector',
      labelNames: ['event', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'millrace_ingestion_request_seconds',
      help: 'From the first byte of a request to its events being durable',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
  };
}
