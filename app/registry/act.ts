import type { Transaction } from 'kysely';
import type { Clock } from '../clock/port.ts';
import { MillraceError } from '../errors.ts';
import type { AuditAct, AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import { registryError } from './errors.ts';
import type { Metadata } from './metadata/port.ts';
import type { Tables } from './metadata/tables.ts';

export interface RegistryPorts {
  readonly metadata: Metadata;
  readonly objects: ObjectStore;
  readonly keys: KeyStore;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

type Act = Omit<AuditAct, 'outcome'>;

/**
 * An act on the registry: one transaction whose last step is the audit record, so nothing takes effect unrecorded; a
 * refusal is recorded as well. A record `allowed` without effect is left only where the commit itself was cut off.
 * `prepare` holds what takes long (reading files) and runs before the store is locked.
 */
export async function audited<T>(
  { metadata, audit }: RegistryPorts,
  act: Act,
  change: (db: Transaction<Tables>) => Promise<{
    readonly result: T;
    readonly changed: boolean;
    /** What came of it, beside what was asked for. */
    readonly detail?: NonNullable<AuditAct['detail']>;
  }>,
  prepare: () => Promise<void> = async () => undefined,
): Promise<T> {
  try {
    checkName('actor', act.actor);
    await prepare();
    return await metadata.db.transaction().execute(async (db) => {
      const { result, changed, detail } = await change(db);
      if (changed) await audit.append({ ...act, outcome: 'allowed', detail: { ...act.detail, ...detail } });
      return result;
    });
  } catch (error) {
    await recordRefusal(audit, act, error);
    throw error;
  }
}

/** Records why an act did not happen: `refused` for a fault of the request, `failed` for one of ours. */
export async function recordRefusal(audit: AuditSink, act: Act, error: unknown): Promise<void> {
  const code = error instanceof MillraceError ? error.code : 'unexpected';
  const outcome = error instanceof MillraceError && error.kind.status < 500 ? 'refused' : 'failed';
  // A name that was refused is not repeated: it may be anything.
  const actor = code === 'MR_REGISTRY_NAME_INVALID' ? 'unknown' : act.actor;
  await audit.append({ ...act, actor, outcome, detail: { ...act.detail, code } });
}

/** @throws MR_REGISTRY_NAME_INVALID */
export function checkName(field: string, name: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} .:@/_-]{0,127}$/u.test(name)) return;
  throw registryError('MR_REGISTRY_NAME_INVALID', `'${name.slice(0, 40)}' is not the name of an actor`, {
    field,
    value: name.slice(0, 40),
    expected: '1 to 128 letters, digits, spaces and .:@/_-',
  });
}

/** Whether two names mean one person: case, width and outer spaces do not tell people apart. */
export function samePerson(a: string, b: string): boolean {
  const plain = (name: string) => name.normalize('NFKC').trim().toLowerCase();
  return plain(a) === plain(b);
}
