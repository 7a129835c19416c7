import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { PostgresPool } from 'kysely';
import { governanceError } from '../errors.ts';
import { type GateSigner, gateStatement } from './gate-signer.ts';
import type { Signature } from './port.ts';
import { alone, isThere, rowsOf } from './postgres-schema.ts';
import { keyIdOf } from './signing-keys.ts';

/** What of signing is the gate's alone. Undefined stands for: the gate has no key of its own, the platform's stands for it. */
export interface GateKeys {
  /** @throws MR_GOVERNANCE_KEYS_NOT_HOLDER where the gate has a key, and this process is not the gate */
  sign(bytes: Buffer): Promise<Signature | undefined>;
  verify(bytes: Buffer, signature: Signature): Promise<boolean | undefined>;
}

export const GATE_TABLE = [
  'create schema if not exists gate',
  'create table if not exists gate.keys (key_id text primary key, open text not null)',
] as const;

/**
 * The public halves of the gate's keys, in the schema `gate`, where the gate's database user alone may add one: nobody else can
 * say what the gate's key is. The gate notes its own when it first signs; what older keys signed stays verifiable.
 */
export function postgresGateKeys(pool: PostgresPool, signer: GateSigner | undefined): GateKeys {
  const known = new Map<string, KeyObject>();
  const noted = new Set<string>();

  const count = async (): Promise<number> => {
    if (!(await isThere(pool, 'gate', 'keys'))) return 0;
    const [row] = await rowsOf<{ count: number }>(pool, 'select count(*)::int as count from gate.keys');
    return row?.count ?? 0;
  };
  const find = async (keyId: string): Promise<KeyObject | undefined> => {
    const cached = known.get(keyId);
    if (cached !== undefined) return cached;
    if (!(await isThere(pool, 'gate', 'keys'))) return undefined;
    const [row] = await rowsOf<{ open: string }>(pool, 'select open from gate.keys where key_id = $1', [keyId]);
    if (row === undefined) return undefined;
    const key = createPublicKey(row.open);
    if (keyIdOf(key) !== keyId) return undefined;
    known.set(keyId, key);
    return key;
  };
  /** Before its first signature leaves, so that nobody meets one whose key is not there yet. */
  const note = async (keyId: string, open: string): Promise<void> => {
    if (noted.has(keyId)) return;
    await alone(pool, async (client) => {
      // On a cluster the layout's run has made it; a database of one's own is made here.
      if (!(await isThere(client, 'gate', 'keys'))) for (const statement of GATE_TABLE) await client.query(statement, []);
      await rowsOf(client, 'insert into gate.keys (key_id, open) values ($1, $2) on conflict (key_id) do nothing', [keyId, open]);
    });
    noted.add(keyId);
  };

  return {
    async sign(bytes) {
      if (signer !== undefined) {
        for (;;) {
          const signature = await signer.sign(gateStatement(bytes));
          const open = await signer.verifyKey();
          // A text that was turned between the two: the next signature is by the new key.
          if (keyIdOf(createPublicKey(open)) !== signature.keyId) continue;
          await note(signature.keyId, open);
          return signature;
        }
      }
      if ((await count()) === 0) return undefined;
      throw governanceError('MR_GOVERNANCE_KEYS_NOT_HOLDER', 'the gate has a key of its own, and this process has not', {
        field: 'MILLRACE_KEYS_SIGNING_FILE, MILLRACE_KEYS_SIGNING_KMS_KEY',
        expected: 'the workload gate',
      });
    },
    async verify(bytes, signature) {
      const key = await find(signature.keyId);
      if (key !== undefined) return verify(null, gateStatement(bytes), key, Buffer.from(signature.value, 'base64'));
      return (await count()) === 0 ? undefined : false;
    },
  };
}
