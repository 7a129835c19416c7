import { DatabaseError } from 'pg';
import { MillraceError } from '../../errors.ts';
import { registryError } from '../errors.ts';

/** Where a store is, as faults name it. */
export interface PostgresPlace {
  /** `host:port/database` */
  readonly name: string;
  readonly user: string;
}

type Code = Parameters<typeof registryError>[0];

/** The server's own codes (SQLSTATE, or its class), the most specific first; see "PostgreSQL Error Codes" in its manual. */
const MEANINGS: readonly (readonly [RegExp, Code, string])[] = [
  [/^28|^3D000/, 'MR_REGISTRY_METADATA_DENIED', 'does not let the user in'],
  [/^42501/, 'MR_REGISTRY_METADATA_DENIED', 'does not let the user do this'],
  [/^55P03/, 'MR_REGISTRY_METADATA_BUSY', 'stayed locked'],
  [/^(40001|40P01|57014|53300)/, 'MR_REGISTRY_METADATA_BUSY', 'is too busy'],
  [/^53100/, 'MR_REGISTRY_METADATA_FULL', 'has no room left'],
  [/^XX00[12]/, 'MR_REGISTRY_METADATA_CORRUPT', 'found its own files damaged'],
  [/^(08|25006|25P03|53|57P|58)/, 'MR_REGISTRY_METADATA_UNREACHABLE', 'broke off'],
];

/** Whether a connection is of no more use: the way was lost, or the primary there has become a standby. */
export const endsConnection = (error: unknown): boolean => !(error instanceof DatabaseError) || error.code === '25006';

/** What pg itself says where there is no answer; it has no codes for these. */
const NO_ANSWER = /terminated|timeout|not queryable|does not support SSL|SASL|closed/i;

/** What a fault of Postgres, of the way there or of its certificate means to a person; undefined where it is a fault of ours. */
export function explainPostgres(error: unknown, { name, user }: PostgresPlace): MillraceError | undefined {
  if (error instanceof MillraceError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof DatabaseError) {
    const meaning = MEANINGS.find(([codes]) => codes.test(code));
    if (meaning === undefined) return undefined;
    const [, ours, what] = meaning;
    const detail =
      ours === 'MR_REGISTRY_METADATA_DENIED'
        ? { field: 'MILLRACE_METADATA_USER', value: user, expected: 'a user with the rights of this workload' }
        : { field: 'metadata', value: name };
    return registryError(ours, `Postgres at ${name} ${what}: ${error.message}`, { ...detail, cause: error });
  }
  if (code === '' && !NO_ANSWER.test(error.message)) return undefined;
  return registryError('MR_REGISTRY_METADATA_UNREACHABLE', `no answer from Postgres at ${name}: ${error.message || code}`, {
    field: 'MILLRACE_METADATA_HOST',
    value: name,
    expected: 'a Postgres that speaks TLS, with a certificate for that host',
    cause: error,
  });
}
