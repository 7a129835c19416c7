import { KMSClient } from '@aws-sdk/client-kms';
import { ensureHome, isPassing, NO_IDENTITY, statusOf, wordsOf } from '../../aws-client.ts';
import type { SettingName } from '../../settings.ts';
import { governanceError } from '../errors.ts';

/** Which key of KMS, and how long to wait for it. */
export interface KmsOptions {
  /** Its ARN, or its id, or an alias of it. */
  readonly keyId: string;
  /** @default the ARN's own, else what the SDK finds */
  readonly region?: string;
  /** The server, where it is not AWS. */
  readonly endpoint?: string;
  /** For a connection's beginning, and for its silence. @default { connectMs: 2_000, silenceMs: 5_000 } */
  readonly patience?: { readonly connectMs: number; readonly silenceMs: number };
  /** Tries of one request. @default 4 */
  readonly attempts?: number;
}

/** Asks as the pod's own identity, or whoever else the SDK finds that this process is. */
export function openKmsClient({ keyId, region = regionOf(keyId), endpoint, patience, attempts }: KmsOptions): KMSClient {
  const { connectMs, silenceMs } = patience ?? { connectMs: 2_000, silenceMs: 5_000 };
  ensureHome();
  return new KMSClient({
    maxAttempts: attempts ?? 4,
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: silenceMs,
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  });
}

/** `arn:partition:kms:region:account:key/id` */
const regionOf = (keyId: string): string | undefined => (keyId.startsWith('arn:') ? keyId.split(':')[3] : undefined);

const UNREADABLE = /^(InvalidCiphertext|IncorrectKey)Exception$/;
const DISABLED = /^(Disabled|KMSInvalidState|NotFound)Exception$/;
const UNFIT = /^(InvalidKeyUsage|InvalidArn|UnsupportedOperation|Validation)Exception$/;
/** Given with status 400, and by then the client has tried as often as it may. */
const BUSY = /^(Throttling|ThrottledRequest|TooManyRequests|LimitExceeded|KeyUnavailable|DependencyTimeout)(Exception)?$/;

/** What one key of KMS is asked, by which setting it is named. */
export interface KmsKey {
  readonly setting: SettingName & `MILLRACE_KEYS_${string}`;
  readonly keyId: string;
}

/** What KMS said as a fault of ours, in its own words unless they may repeat what was sent. */
export function kmsFault(error: unknown, { setting, keyId }: KmsKey): unknown {
  if (!(error instanceof Error)) return error;
  const status = statusOf(error);
  const words = error.name === 'ValidationException' ? error.name : wordsOf(error);
  const fault = (code: Parameters<typeof governanceError>[0], expected: string) =>
    governanceError(code, `${keyId}: ${words}`, { field: setting, value: keyId, expected });
  if (UNREADABLE.test(error.name)) return fault('MR_GOVERNANCE_KEYS_UNREADABLE', 'the key that it was wrapped under');
  if (DISABLED.test(error.name)) return fault('MR_GOVERNANCE_KEYS_DISABLED', 'a key that is there and enabled');
  if (UNFIT.test(error.name)) return fault('MR_GOVERNANCE_KEYS_UNFIT', 'a key that this can be done with');
  if (isPassing(error) || BUSY.test(error.name)) return fault('MR_GOVERNANCE_KEYS_UNREACHABLE', 'an answer');
  if (status === undefined && !NO_IDENTITY.test(error.name)) return error;
  return fault('MR_GOVERNANCE_KEYS_DENIED', 'an identity that may do this with the key');
}
