import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { PostgresPool } from 'kysely';
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
  readonly open: string;
  readonly wrapped: Buffer;
}

/** Ed25519 keys (RFC 8032) in `keyring.signing`, private halves sealed under the wrapping key; the newest one signs. */
export function postgresSigningKeys(pool: PostgresPool, wrapKey: Buffer): SigningKeys {
  const publicKeys = new Map<string, KeyObject>();
  let current: Pair | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const opened = ({ key_id: keyId, open, wrapped }: Row): Pair => ({
    keyId,
    secret: createPrivateKey({ key: unlock(wrapKey, wrapped, `signing key ${keyId}`), format: 'der', type: 'pkcs8' }),
    open: createPublicKey(open),
  });
  const newest = async (): Promise<Row | undefined> =>
    (await rowsOf<Row>(pool, 'select key_id, open, wrapped from keyring.signing order by number desc limit 1'))[0];

  const make = (always: boolean): Promise<string> =>
    alone(pool, async (client) => {
      const [there] = await rowsOf<Row>(client, 'select key_id from keyring.signing order by number desc limit 1');
      if (there !== undefined && !always) return there.key_id;
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const keyId = keyIdOf(publicKey);
      const wrapped = lock(wrapKey, privateKey.export({ type: 'pkcs8', format: 'der' }), `signing key ${keyId}`);
      await rowsOf(client, 'insert into keyring.signing (key_id, open, wrapped) values ($1, $2, $3)', [
        keyId,
        publicKey.export({ type: 'spki', format: 'pem' }),
        wrapped,
      ]);
      return keyId;
    });

  const currentPair = async (): Promise<Pair> => {
    if (current !== undefined && performance.now() - lookedAt < CURRENT_MS) return current;
    let row = await newest();
    if (row === undefined) {
      await make(false);
      row = await newest();
    }
    if (row === undefined) throw new RangeError('a signing key that was just made is there');
    current = current?.keyId === row.key_id ? current : opened(row);
    lookedAt = performance.now();
    return current;
  };

  const publicKey = async (keyId: string): Promise<KeyObject | undefined> => {
    const known = publicKeys.get(keyId);
    if (known !== undefined || !/^[0-9a-f]{16}$/.test(keyId)) return known;
    const [row] = await rowsOf<Row>(pool, 'select open from keyring.signing where key_id = $1', [keyId]);
    if (row === undefined) return undefined;
    const key = createPublicKey(row.open);
    // A row that was changed by hand is no key of ours.
    if (keyIdOf(key) !== keyId) return undefined;
    publicKeys.set(keyId, key);
    return key;
  };

  return {
    async sign(bytes) {
      const { keyId, secret } = await currentPair();
      return { keyId, value: sign(null, bytes, secret).toString('base64') };
    },
    async verify(bytes, signature) {
      const key = await publicKey(signature.keyId);
      return key !== undefined && verify(null, bytes, key, Buffer.from(signature.value, 'base64'));
    },
    verifyKey: async () => String((await currentPair()).open.export({ type: 'spki', format: 'pem' })),
    async rotate() {
      const keyId = await make(true);
      lookedAt = Number.NEGATIVE_INFINITY;
      return keyId;
    },
  };
}
