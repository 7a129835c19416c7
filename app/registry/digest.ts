import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hex. */
export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
