import { ErrorReply } from '@redis/client';
import { MillraceError } from '../../errors.ts';
import { featureError } from '../errors.ts';

/** Where a store is and who asks, as faults name it. */
export interface ValkeyPlace {
  /** `host:port` */
  readonly name: string;
  readonly user: string;
}

const MEANINGS = [
  [/^(WRONGPASS|NOAUTH|NOPERM)/, 'MR_FEATURES_ONLINE_DENIED', 'refuses the user'],
  [/^OOM/, 'MR_FEATURES_ONLINE_FULL', 'has no memory left'],
  [/^OFFSETS/, 'MR_FEATURES_OFFSETS_MOVED', 'holds other offsets than were written last'],
  [
    /^(READONLY|MOVED|ASK|MASTERDOWN|LOADING|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|NOGOODSLAVE|MISCONF|UNBLOCKED|BUSY)/,
    'MR_FEATURES_ONLINE_UNREACHABLE',
    'cannot do this now',
  ],
] as const;

/** Whether it was asked of one that is no longer, or not yet, the one to ask. */
export const isElsewhere = (error: unknown): boolean =>
  error instanceof Error && /^(READONLY|MOVED|ASK|MASTERDOWN|LOADING|CLUSTERDOWN|UNBLOCKED)/.test(error.message);

/** What a fault of Valkey or of the way there means to a person. */
export function explainValkey(error: unknown, { name, user }: ValkeyPlace): unknown {
  if (error instanceof MillraceError || !(error instanceof Error)) return error;
  if (error instanceof ErrorReply) {
    const meaning = MEANINGS.find(([words]) => words.test(error.message));
    if (meaning === undefined) return error;
    const [, code, what] = meaning;
    const detail =
      code === 'MR_FEATURES_ONLINE_DENIED'
        ? { field: 'MILLRACE_ONLINE_USER', value: user, expected: 'a user with the rights of this workload' }
        : { field: 'online', value: name };
    return featureError(code, `the online store at ${name} ${what}: ${error.message}`, { ...detail, cause: error });
  }
  return unreachable(name, error.message || error.name, error);
}

export const unreachable = (name: string, why: string, cause?: unknown): MillraceError =>
  featureError('MR_FEATURES_ONLINE_UNREACHABLE', `no answer from the online store at ${name}: ${why}`, {
    field: 'MILLRACE_ONLINE_HOST',
    value: name,
    expected: 'a Valkey that speaks TLS, with a certificate for that host',
    cause,
  });
