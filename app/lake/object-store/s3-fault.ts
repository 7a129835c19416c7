import { isPassing, NO_IDENTITY, statusOf, wordsOf } from '../../aws-client.ts';
import { MillraceError } from '../../errors.ts';
import { lakeError } from '../errors.ts';

const FULL = /^(QuotaExceeded|InsufficientStorage|.*StorageFull|EntityTooLarge)$/;

/**
 * What S3 said as a fault of ours. S3's own words of a refusal go into the message; the error itself does not go along:
 * it holds the request that was signed.
 */
export function s3Fault(error: unknown, bucket: string, key: string): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error;
  const status = statusOf(error);
  const words = wordsOf(error);
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
