import { featureError } from '../errors.ts';

/** LMDB refuses keys above 1978 bytes; what one store cannot hold, none takes. */
const MAX_KEY_BYTES = 1800;

/** @throws MR_FEATURES_KEY_INVALID where a row cannot be kept under that name */
export function checkKey(view: string, entity: string): void {
  if (entity.length > 0 && Buffer.byteLength(view) + 1 + Buffer.byteLength(entity) <= MAX_KEY_BYTES && !view.includes('\0'))
    return;
  throw featureError('MR_FEATURES_KEY_INVALID', `view '${view}': a key of ${Buffer.byteLength(entity)} bytes`, {
    field: 'entity',
    expected: `1 to ${MAX_KEY_BYTES - Buffer.byteLength(view) - 1} bytes`,
  });
}
