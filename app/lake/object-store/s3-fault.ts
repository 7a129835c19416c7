import { MillraceError } from '../../errors.ts';
import { lakeError } from '../errors.ts';

/** What the S3 client throws, as far as it is used here. */
interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number; readonly requestId?: string };
}

const metadataOf = (error: unknown) => (error as Partial<Thrown> | undefined)?.$metadata;
export const statusOf = (error: unknown): number | undefined => metadataOf(error)?.httpStatusCode;
export const attemptsOf = (error: unknown): number => metadataOf(error)?.attempts ?? 1;
export const nameOf = (error: unknown): string => String((error as Partial<Thrown> | undefined)?.name);

const FULL = /^(QuotaExceeded|InsufficientStorage|.*StorageFull|EntityTooLarge)$/;
/** Of the client itself, before it asks. */
const NO_IDENTITY = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

/** Codes of the network and of TLS; those of this machine's files are not among them. */
const NETWORK =
  /^(E(CONN\w+|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|PROTO)|ERR_(TLS|SSL|STREAM_PREMATURE)\w*|HPE_\w+|\w*(CERT|SIGNATURE|ISSUER)\w*)$/;

/** Whether the same request may well succeed later: the server is away, overloaded, or its answer broke off. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined && status !== 200 && status !== 206) return status >= 500 || [408, 409, 429].includes(status);
  const { name = '', message = '', code = '' } = error as Partial<Thrown>;
  return name === 'TimeoutError' || NETWORK.test(code) || message.startsWith('Checksum mismatch');
}

/**
 * What S3 said as a fault of ours. S3's own words of a refusal go into the message; the error itself does not go along:
 * it holds the request that was signed.
 */
export function s3Fault(error: unknown, bucket: string, key: string): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error;
  const status = statusOf(error);
  const words = `${error.name}: ${error.message}${status === undefined ? '' : ` (status ${status}, request ${metadataOf(error)?.requestId})`}`;
  const detail = { field: 'key', value: key };
  if (status === 507 || FULL.test(error.name)) {
    return lakeError('MR_LAKE_DISK_FULL', `no room to write ${key} in bucket ${bucket}: ${words}`, {
      ...detail,
      expected: 'free space',
    });
  }
  if (isPassing(error)) {
    return lakeError('MR_LAKE_STORE_UNREACHABLE', `bucket ${bucket}, key '${key}': ${words}`, {
      ...detail,
      expected: 'an answer',
    });
  }
  if (status === undefined && !NO_IDENTITY.test(error.name)) return error;
  return lakeError('MR_LAKE_STORE_REFUSED', `bucket ${bucket}, key '${key}': ${words}`, {
    ...detail,
    expected: 'a bucket of this name and the right to do this in it',
  });
}
