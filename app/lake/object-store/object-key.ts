import { lakeError } from '../errors.ts';

/** Longest key, bytes of UTF-8: S3's limit. */
const MAX_BYTES = 1024;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const REFUSED = /[\u0000-\u001f\u007f\\]/;

/**
 * Checks a key, so that no key leaves the store's folder and one key means the same object in a folder and in S3.
 * @throws MR_LAKE_OBJECT_KEY for an absolute key, `.` or `..` parts, empty parts, control characters, backslashes
 */
export function checkKey(key: string): string {
  const parts = key.split('/');
  const fault =
    key === ''
      ? 'it is empty'
      : Buffer.byteLength(key) > MAX_BYTES
        ? `it is longer than ${MAX_BYTES} bytes`
        : REFUSED.test(key)
          ? 'it holds a backslash or a control character'
          : parts.includes('')
            ? 'it has an empty part or starts or ends with a slash'
            : parts.some((part) => part === '.' || part === '..')
              ? 'it has a part that is . or ..'
              : parts.some((part) => Buffer.byteLength(part) > 255)
                ? 'a part is longer than 255 bytes'
                : parts[0] === STAGING
                  ? `${STAGING} is the store's own`
                  : undefined;
  if (fault === undefined) return key;
  throw lakeError('MR_LAKE_OBJECT_KEY', `object key '${key}' is refused: ${fault}`, {
    field: 'key',
    value: key,
    expected: 'slash-separated parts, relative, without . and ..',
  });
}

/** Folder of unfinished writes inside the store; never listed. */
export const STAGING = '.staging';
