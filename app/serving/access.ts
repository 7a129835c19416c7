import { createHash, timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { TOKENS } from '../governance/tokens.ts';
import { servingError } from './errors.ts';
import { tokenBuckets } from './rate-limit.ts';

export const SCOPES = ['recommend', 'classify', 'infer', 'explain', 'admin'] as const;

/** What a token may do. `admin` may do everything. */
export type Scope = (typeof SCOPES)[number];

/** Name of a scope's token among the secrets of the key store. */
export const tokenName = (scope: Scope): string => TOKENS[scope];

export interface Access {
  /**
   * The scope of the token in an `Authorization` header, if it may do what is asked.
   * @throws MR_SERVING_TOKEN_MISSING, MR_SERVING_TOKEN_UNKNOWN (401), MR_SERVING_SCOPE_MISSING (403); each is audited
   */
  check(authorization: string | undefined, asked: Scope, route: string): Scope;
  /** Resolves once the refusals so far are in the audit log. */
  settled(): Promise<void>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Most audit records of refusals: a flood of bad tokens may not fill the audit log. */
const AUDIT_RATE = { perSecond: 1, burst: 20 };

/** Bearer tokens (RFC 6750), one a scope, compared in constant time over all of them. */
export async function openAccess(options: {
  readonly keys: KeyStore;
  readonly audit: AuditSink;
  readonly logger: Logger;
}): Promise<Access> {
  const tokens = await Promise.all(
    SCOPES.map(async (scope) => ({ scope, digest: digest(await options.keys.secret(tokenName(scope))) })),
  );
  const buckets = tokenBuckets(AUDIT_RATE);
  let unrecorded = 0;
  let writing: Promise<unknown> = Promise.resolve();

  function refuse(
    code: 'MR_SERVING_TOKEN_MISSING' | 'MR_SERVING_TOKEN_UNKNOWN' | 'MR_SERVING_SCOPE_MISSING',
    route: string,
    asked: Scope,
    actor: string,
  ) {
    if (buckets.take('refusals') > 0) {
      unrecorded += 1;
    } else {
      const detail = { code, scope: asked, unrecorded };
      unrecorded = 0;
      writing = writing
        .then(() => options.audit.append({ action: 'serving.access.refuse', actor, subject: route, outcome: 'refused', detail }))
        .catch((error: unknown) => options.logger.error({ err: error, route }, 'a refusal could not be audited'));
    }
    return servingError(code, `${route} needs a token of scope '${asked}'`, {
      field: 'authorization',
      expected: `Bearer <token of scope ${asked}>`,
    });
  }

  return {
    check(authorization, asked, route) {
      const match = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization ?? '');
      if (match === null) throw refuse('MR_SERVING_TOKEN_MISSING', route, asked, 'anonymous');
      const given = digest(match[1] ?? '');
      // Every token is compared, so that the time says nothing about which one came near.
      const scope = tokens.reduce<Scope | undefined>(
        (found, token) => (timingSafeEqual(token.digest, given) ? token.scope : found),
        undefined,
      );
      if (scope === undefined) throw refuse('MR_SERVING_TOKEN_UNKNOWN', route, asked, 'anonymous');
      if (scope !== asked && scope !== 'admin') throw refuse('MR_SERVING_SCOPE_MISSING', route, asked, `token:${scope}`);
      return scope;
    },
    settled: async () => {
      await writing;
    },
  };
}
