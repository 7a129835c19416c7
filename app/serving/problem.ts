import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MillraceError } from '../errors.ts';
import { servingError } from './errors.ts';

/** The V2 protocol wants `error`; the rest of the problem document (RFC 9457) stands beside it as it may. */
const isInferenceProtocol = (url: string): boolean => url === '/v2' || url.startsWith('/v2/') || url.startsWith('/v2?');

interface Violation {
  readonly instancePath?: string;
  readonly keyword?: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** `/context/exclude/3` and an unknown or missing property below it, as one dotted path. */
function violationField(part: string, violation: Violation): string {
  const path = (violation.instancePath ?? '').split('/').filter(Boolean);
  const below = violation.params?.['additionalProperty'] ?? violation.params?.['missingProperty'];
  return [part, ...path, ...(typeof below === 'string' ? [below] : [])].join('.').slice(0, 200);
}

function violationError(error: FastifyError): MillraceError {
  const violation = (error.validation?.[0] ?? {}) as Violation;
  const field = violationField(error.validationContext ?? 'body', violation);
  const expected =
    violation.keyword === 'additionalProperties' ? 'no field of this name' : (violation.message ?? 'what /docs says');
  return servingError('MR_SERVING_BODY_INVALID', `${field}: expected ${expected}`, { field, expected });
}

/** What Fastify says of a path it cannot route. */
const PATH_FAULTS = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);

/** Fastify's own faults, in our table. */
function known(error: FastifyError, request: FastifyRequest): MillraceError {
  if (error instanceof MillraceError) return error;
  if (error.validation !== undefined) return violationError(error);
  if (PATH_FAULTS.has(error.code)) {
    return servingError('MR_SERVING_ROUTE_UNKNOWN', 'the path is not one that can be read', {
      field: 'path',
      expected: 'percent-encoded UTF-8 of at most 128 characters a part',
    });
  }
  switch (error.statusCode) {
    case 413:
      return servingError(
        'MR_SERVING_BODY_TOO_LARGE',
        `the body of ${request.method} ${request.routeOptions.url ?? ''} is too large`,
        {
          field: 'body',
          expected: `at most ${request.routeOptions.bodyLimit} bytes`,
        },
      );
    case 415:
      return servingError('MR_SERVING_MEDIA_TYPE', 'the media type of the body is not known', {
        field: 'content-type',
        expected: 'application/json',
      });
    case 503:
      return servingError('MR_SERVING_CLOSING', 'the server is shutting down');
    default:
      if (error.statusCode !== undefined && error.statusCode < 500)
        return servingError('MR_SERVING_BODY_INVALID', 'the body is not JSON', { field: 'body', expected: 'one JSON value' });
      return servingError('MR_SERVING_INTERNAL', 'the server failed', { cause: error });
  }
}

/** Answers a fault that comes up before there is a route. */
export function answerFault(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  send(reply, request, known(error, request));
}

function send(reply: FastifyReply, request: FastifyRequest, error: MillraceError): FastifyReply {
  const problem = { ...error.toProblem(), instance: `urn:uuid:${request.id}` };
  const body = isInferenceProtocol(request.url) ? { error: `${error.code}: ${error.message}`, ...problem } : problem;
  if (error.kind.status === 401) reply.header('www-authenticate', 'Bearer realm="millrace"');
  return reply
    .code(error.kind.status)
    .header('content-type', 'application/problem+json')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body);
}

/** Makes every fault of the instance a problem document, also unknown routes (404) and methods (405 with `Allow`). */
export function answerProblems(app: FastifyInstance): void {
  const routes: { readonly pattern: RegExp; readonly method: string }[] = [];
  app.addHook('onRoute', (route) => {
    const pattern = new RegExp(`^${route.url.replaceAll(/:[a-zA-Z]+/g, '[^/]+').replaceAll('*', '.*')}/?$`);
    for (const method of [route.method].flat()) routes.push({ pattern, method });
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const fault = known(error, request);
    if (fault.kind.status >= 500) request.log.error({ err: error, requestId: request.id }, fault.message);
    return send(reply, request, fault);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
    if (allowed.length === 0)
      return send(reply, request, servingError('MR_SERVING_ROUTE_UNKNOWN', 'there is no such route', { field: 'path' }));
    reply.header('allow', allowed.join(', '));
    const expected = allowed.join(' or ');
    return send(
      reply,
      request,
      servingError('MR_SERVING_METHOD_NOT_ALLOWED', `use ${expected}`, { field: 'method', value: request.method, expected }),
    );
  });
}
