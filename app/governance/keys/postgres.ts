import { hkdfSync, randomBytes } from 'node:crypto';
import type { PostgresPool } from 'kysely';
import { openPostgresPool, type PostgresOptions, placeOf } from '../../registry/metadata/postgres-connection.ts';
import { governanceError } from '../errors.ts';
import type { GateSigner } from './gate-signer.ts';
import { openKeyStore } from './key-store.ts';
import type { KeyStore } from './port.ts';
import { postgresGateKeys } from './postgres-gate.ts';
import { postgresKeyring } from './postgres-keyring.ts';
import { ensureTables, onceThere, rowsOf } from './postgres-schema.ts';
import { postgresSigningKeys } from './postgres-signing.ts';
import type { KeyWrapper } from './wrapper.ts';

/** How long an erasure by another process may go unseen, by default: requests of a second share one question. */
const STALE_MS = 1_000;
const MASTER_BYTES = 32;
/** A primary that fails is replaced within it; nobody can erase anyone without the database either, unless this process alone is cut off. */
const GRACE_MS = 60_000;

export interface PostgresKeysOptions {
  readonly database: PostgresOptions;
  /** Opens the master key, which lies wrapped in the database. Closed with the store. */
  readonly wrapper: KeyWrapper;
  /** In the gate's own process: its key. Closed with the store. */
  readonly gate?: GateSigner;
  /** How long an erasure by another process may go unseen, milliseconds; a minute where the database does not answer. @default 1000 */
  readonly staleMs?: number;
  /** Subjects kept in memory. @default 100000 */
  readonly cached?: number;
  /** How long to wait for who may make the tables, milliseconds. @default 60000 */
  readonly readyMs?: number;
}

/**
 * The cluster's key store: the rows of the keyring in a Postgres database, everything in them sealed under one master key that
 * lies beside them wrapped, by a mounted key or by KMS. So neither the database's files nor the wrapping key alone open anything.
 * Bytes of a deleted key last in pages until they are used again, in the write-ahead log and in backups: an erasure is as
 * final as the oldest of these that is kept.
 * @throws MR_REGISTRY_METADATA_UNREACHABLE, MR_REGISTRY_METADATA_DENIED, MR_GOVERNANCE_KEYS_ABSENT, MR_GOVERNANCE_KEYS_NEWER,
 * MR_GOVERNANCE_KEYS_UNREADABLE, and what the wrapper throws
 */
export async function openPostgresKeys(options: PostgresKeysOptions): Promise<KeyStore> {
  const { database, wrapper, gate, staleMs = STALE_MS, cached, readyMs } = options;
  const pool = await openPostgresPool(database);
  let closing: Promise<void> | undefined;
  const close = () => {
    wrapper.close();
    gate?.close();
    closing ??= pool.end();
    return closing;
  };
  const place = placeOf(database);
  try {
    const { master, own } = await onceThere(
      place,
      async () => {
        await ensureTables(pool, place);
        const key = await masterKey(pool, wrapper, place);
        const signing = postgresSigningKeys(
          pool,
          Buffer.from(hkdfSync('sha256', key, '', 'millrace signing key wrap', 32)),
          place,
        );
        await signing.ensure();
        return { master: key, own: signing };
      },
      readyMs,
    );
    const gates = postgresGateKeys(pool, gate);
    return await openKeyStore({
      keyring: postgresKeyring(pool, close),
      signing: {
        sign: async (bytes, holder) => (holder === 'gate' ? await gates.sign(bytes) : undefined) ?? (await own.sign(bytes)),
        verify: async (bytes, signature, holder) =>
          (holder === 'gate' ? await gates.verify(bytes, signature) : undefined) ?? (await own.verify(bytes, signature)),
        verifyKey: () => own.verifyKey(),
      },
      master,
      masterName: `the master key in ${place}`,
      staleMs,
      graceMs: GRACE_MS,
      ...(cached !== undefined && { cached }),
    });
  } catch (error) {
    await close();
    throw error;
  }
}

/** Made once; of two that make one at the same moment, both read the first one's. */
async function masterKey(pool: PostgresPool, wrapper: KeyWrapper, place: string): Promise<Buffer> {
  const wrapped = async () => (await rowsOf<{ wrapped: Buffer }>(pool, 'select wrapped from keyring.master'))[0]?.wrapped;
  if ((await wrapped()) === undefined) {
    const made = await wrapper.wrap(randomBytes(MASTER_BYTES));
    await rowsOf(pool, 'insert into keyring.master (wrapped) values ($1) on conflict (one) do nothing', [made]);
  }
  const master = await wrapper.unwrap((await wrapped()) ?? Buffer.alloc(0));
  if (master.length === MASTER_BYTES) return master;
  throw governanceError('MR_GOVERNANCE_KEYS_UNREADABLE', `the master key in ${place} has ${master.length} bytes`, {
    field: 'keyring.master',
    value: master.length,
    expected: `${MASTER_BYTES} bytes`,
  });
}
