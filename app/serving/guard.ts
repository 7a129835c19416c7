import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Scope } from './access.ts';
import { servingError } from './errors.ts';
import type { TokenBuckets } from './rate-limit.ts';

export type Guard = (scope: Scope) => (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * Lets a request in whose token has the scope and some rate left, before its body is read.
 * Answers 401, 403, or 429 with `Retry-After` in whole seconds.
 */
export function guardBy(access: Access, buckets: TokenBuckets): Guard {
  return (scope) => async (request, reply) => {
    const token = access.check(request.headers.authorization, scope, `${request.method} ${request.routeOptions.url ?? ''}`);
    const wait = buckets.take(token);
    if (wait === 0) return;
    const seconds = Math.max(1, Math.ceil(wait));
    reply.header('retry-after', String(seconds));
    throw servingError('MR_SERVING_RATE_LIMITED', `the token of scope '${token}' has used up its rate`, {
      field: 'authorization',
      expected: `a pause of ${seconds} s`,
    });
  };
}
