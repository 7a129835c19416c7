import type { UseCase } from '../usecases/usecase.ts';

export const REDACTED = '[redacted]';

/** Names whose values never reach a log, whatever use case runs. Compared without case, dashes and underscores. */
const PRIVATE = new Set(
  [
    ...[
      'authorization',
      'proxy-authorization',
      'cookie',
      'set-cookie',
      'token',
      'access_token',
      'refresh_token',
      'api_key',
      'x-api-key',
    ],
    ...['secret', 'password', 'private_key', 'master_key', 'data_key'],
    ...[
      'user',
      'user_id',
      'subject',
      'subject_id',
      'person',
      'email',
      'phone',
      'address',
      'ip',
      'remote_address',
      'body',
      'raw',
      'wire',
      'row',
    ],
  ].map(plainName),
);

/** Bearer tokens and the like inside longer text, and addresses of persons. */
const CREDENTIAL = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;
const MAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g;

const MAX_DEPTH = 6;

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Names of the fields of a use case that are personal: subject and class `pii`. */
export function personalNames(usecase: Pick<UseCase, 'events' | 'tables'>): readonly string[] {
  return [...usecase.events, ...usecase.tables].flatMap(({ fields }) =>
    Object.entries(fields)
      .filter(([, field]) => field.subject || field.class === 'pii')
      .map(([name]) => name),
  );
}

/** Makes the function that takes personal data and secrets out of what is about to be logged. Never changes its argument. */
export function redactor(personal: readonly string[] = []): (value: unknown) => unknown {
  const names = new Set([...PRIVATE, ...personal.map(plainName)]);

  const scrub = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return scrubText(value);
    if (value instanceof Error) return scrubError(value, depth);
    if (typeof value !== 'object' || value === null) return value;
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth >= MAX_DEPTH) return '[deeper]';
    if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        names.has(plainName(name)) && item !== undefined ? REDACTED : scrub(item, depth + 1),
      ]),
    );
  };

  /** Own properties of an error may hold anything (a request, a row): only those that say what happened stay. */
  const scrubError = (error: Error, depth: number): unknown => {
    const { code, field, expected } = error as Error & { code?: unknown; field?: unknown; expected?: unknown };
    return {
      type: error.name,
      message: scrubText(error.message),
      ...(code === undefined ? {} : { code: scrub(code, depth + 1) }),
      ...(field === undefined ? {} : { field: scrub(field, depth + 1) }),
      ...(expected === undefined ? {} : { expected: scrub(expected, depth + 1) }),
      stack: scrubText(error.stack ?? ''),
      ...(error.cause === undefined || depth >= MAX_DEPTH ? {} : { cause: scrub(error.cause, depth + 1) }),
    };
  };

  return (value) => scrub(value, 0);
}

export function scrubText(text: string): string {
  return text.replaceAll(CREDENTIAL, `$1 ${REDACTED}`).replaceAll(MAIL, REDACTED);
}
