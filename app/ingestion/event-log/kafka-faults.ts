import { MillraceError } from '../../errors.ts';
import { ingestionError } from '../errors.ts';

/** What the client's errors and Node's may carry; the client wraps them in each other. */
interface Raw {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly memberId?: unknown;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
}

const CERTIFICATE = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ERR_SSL_)|UNTRUSTED/;
const WRONG_LOGIN = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE']);

/** An error and all that it wraps. */
function chain(error: unknown, seen = new Set<unknown>()): readonly Raw[] {
  if (typeof error !== 'object' || error === null || seen.has(error)) return [];
  seen.add(error);
  const raw = error as Raw;
  return [raw, ...(raw.errors ?? []).flatMap((one) => chain(one, seen)), ...chain(raw.cause, seen)];
}

/** What the broker answered, by its name in Kafka's protocol. */
export const answered = (error: unknown, ...names: readonly string[]): boolean =>
  chain(error).some(({ apiId }) => typeof apiId === 'string' && names.includes(apiId));

/** The name that the group gives to who joins for the first time. */
export function memberIdIn(error: unknown): string | undefined {
  const { memberId } = chain(error).find(({ apiId }) => apiId === 'MEMBER_ID_REQUIRED') ?? {};
  return typeof memberId === 'string' && memberId !== '' ? memberId : undefined;
}

/**
 * The fault of an answer or of a connection, in our words. The client's own error is not passed on as the cause: it holds
 * whole responses, and with them records. `MR_INGESTION_LOG_UNAVAILABLE` is what another try can mend.
 */
export function kafkaFault(error: unknown, doing: string): MillraceError {
  const parts = chain(error);
  const own = parts.find((part): part is MillraceError => part instanceof MillraceError);
  if (own !== undefined) return own;
  const names = parts.flatMap(({ apiId }) => (typeof apiId === 'string' ? [apiId] : []));
  const said = [...new Set([...parts.map(({ message }) => String(message ?? '')), ...names])].filter((text) => text !== '');
  const cause = new Error(said.join(' < '));
  const of = (code: Parameters<typeof ingestionError>[0], what: string, field?: string) =>
    ingestionError(code, `${doing}: ${what}`, {
      ...(field !== undefined && { field }),
      ...(names[0] !== undefined && { value: names[0] }),
      cause,
    });

  if (names.some((name) => WRONG_LOGIN.has(name))) {
    return of('MR_INGESTION_LOG_REFUSED', 'the brokers refused the login', 'MILLRACE_LOG_USER, MILLRACE_LOG_PASSWORD_FILE');
  }
  const certificate = parts.find(({ code }) => typeof code === 'string' && CERTIFICATE.test(code));
  if (certificate !== undefined) return of('MR_INGESTION_LOG_UNTRUSTED', String(certificate.message), 'MILLRACE_LOG_CA_FILE');
  const forbidden = names.find((name) => name.endsWith('AUTHORIZATION_FAILED'));
  if (forbidden !== undefined) return of('MR_INGESTION_LOG_FORBIDDEN', `the brokers answered ${forbidden}`);
  if (names.some((name) => name === 'MESSAGE_TOO_LARGE' || name === 'RECORD_LIST_TOO_LARGE')) {
    return of('MR_INGESTION_RECORD_TOO_LARGE', 'the brokers take no record that large');
  }
  return of('MR_INGESTION_LOG_UNAVAILABLE', names[0] ?? said[0] ?? 'no answer');
}
