import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { PostgresPool } from 'kysely';
import { governanceError } from '../errors.ts';
import { lock, unlock } from './box.ts';
import { alone, rowsOf } from './postgres-schema.ts';
import { keyIdOf, type SigningKeys } from './signing-keys.ts';

/** How long a process goes on signing with a key after another one was made the current one. */
const CURRENT_MS = 60_000;

interface Pair {
  readonly keyId: string;
  readonly secret: KeyObject;
  readonly open: KeyObject;
}

interface Row {
  readonly key_id: string;
  readonly wrapped: Buffer;
}

export interface PostgresSigningKeys extends Pick<SigningKeys, 'sign' | 'verify' | 'verifyKey'> {
  /** Makes the first key where there is none. */
  ensure(): Promise<void>;
}

/**
 * Ed25519 keys (RFC 8032) in `keyring.signing`, sealed under the wrapping key; the newest one signs. The public half is taken from
 * what was sealed: who may write the table and has no master key makes no key that counts.
 */
export function postgresSigningKeys(pool: PostgresPool, wrapKey: Buffer, place: string): PostgresSigningKeys {
  const pairs = new Map<string, Pair>();
  let current: Pair | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  /** Undefined for a row that was put there without the master key. */
  const opened = ({ key_id: keyId, wrapped }: Row): Pair | undefined => {
    const known = pairs.get(keyId);
    if (known !== undefined) return known;
    try {
      const key = unlock(wrapKey, wrapped, `signing key ${keyId}`);
      const secret = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
      const open = createPublicKey(secret);
      if (keyIdOf(open) !== keyId) return undefined;
      pairs.set(keyId, { keyId, secret, open });
      return pairs.get(keyId);
    } catch {
      return undefined;
    }
  };
  const newest = async (): Promise<Pair | undefined> => {
    const rows = await rowsOf<Row>(pool, 'select key_id, wrapped from keyring.signing order by number desc');
    for (const row of rows) {
      const pair = opened(row);
      if (pair !== undefined) return pair;
    }
    if (rows.length === 0) return undefined;
    throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `the master key opens no signing key in ${place}`, { field: place });
  };

  const makeFirst = (): Promise<void> =>
    alone(pool, async (client) => {
      if ((await rowsOf(client, 'select 1 from keyring.signing limit 1')).length > 0) return;
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const keyId = keyIdOf(publicKey);
      const wrapped = lock(wrapKey, privateKey.export({ type: 'pkcs8', format: 'der' }), `signing key ${keyId}`);
      await rowsOf(client, 'insert into keyring.signing (key_id, wrapped) values ($1, $2)', [keyId, wrapped]);
    });

  const currentPair = async (): Promise<Pair> => {
    if (current !== undefined && performance.now() - lookedAt < CURRENT_MS) return current;
    current = await newest();
    if (current === undefined) throw new RangeError('a signing key is there once the keyring is');
    lookedAt = performance.now();
    return current;
  };

  return {
    async ensure() {
      if ((await newest()) === undefined) await makeFirst();
    },
    async sign(bytes) {
      const { keyId, secret } = await currentPair();
      return { keyId, value: sign(null, bytes, secret).toString('base64') };
    },
    async verify(bytes, { keyId, value }) {
      const [row] = pairs.has(keyId)
        ? []
        : await rowsOf<Row>(pool, 'select key_id, wrapped from keyring.signing where key_id = $1', [keyId]);
      const pair = row === undefined ? pairs.get(keyId) : opened(row);
      return pair !== undefined && verify(null, bytes, pair.open, Buffer.from(value, 'base64'));
    },
    verifyKey: async () => String((await currentPair()).open.export({ type: 'spki', format: 'pem' })),
  };
}
