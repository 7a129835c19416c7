import type { Kysely } from 'kysely';
import { MillraceError } from '../errors.ts';
import { audited, type RegistryPorts } from './act.ts';
import { type CheckUnit, type DeployOptions, deploy, previousChampion } from './deploy.ts';
import type { Tables } from './metadata/tables.ts';
import { deploymentsOf, findVersion } from './read.ts';
import { checkInUse, checkSignOff, setState } from './sign-off.ts';
import type { Version } from './version.ts';

/**
 * Takes a version's approval back for good, e.g. where its data turned out to be poisoned. Unlike `retire` it may be the
 * champion: in the same act the one before it becomes the champion again. Where none may, serving answers by the declared
 * fallback until another is promoted: it never answers by a revoked version, whatever the alias says.
 * @throws MR_REGISTRY_REVOKED, MR_REGISTRY_RETIRED, MR_REGISTRY_VERSION_UNKNOWN
 */
export function revoke(
  ports: RegistryPorts,
  checkUnit: CheckUnit,
  number: number,
  { model, actor, reason }: DeployOptions,
): Promise<Version> {
  const act = { action: 'registry.version.revoke', actor, subject: `${model}@${number}`, detail: { reason } };
  let whole: string | undefined;
  return audited(
    ports,
    act,
    async (db) => {
      const version = await findVersion(db, model, number);
      checkInUse(version);
      await setState(db, version, 'revoked');
      await db
        .deleteFrom('aliases')
        .where('model', '=', model)
        .where('alias', '=', 'challenger')
        .where('version', '=', number)
        .execute();
      const answered = (await deploymentsOf(db, model)).at(-1)?.version === number;
      const before = answered ? await mayAnswer(ports, db, model) : undefined;
      // Its files were read before the store was locked.
      const target = before?.unitId === whole ? before : undefined;
      if (target !== undefined) {
        const why = `version ${number} was revoked: ${reason}`;
        await deploy(db, ports.clock, 'rollback', target, { model, actor, reason: why });
      }
      const detail = answered ? { champion: target?.version ?? null } : {};
      return { result: { ...version, state: 'revoked' as const }, changed: true, detail };
    },
    async () => {
      const before = await mayAnswer(ports, ports.metadata.db, model);
      if (before !== undefined)
        whole = await checkUnit(before.unitId).then(
          () => before.unitId,
          () => undefined,
        );
    },
  );
}

/** The champion before the present one, if it may answer again: a revocation does not wait for one that may. */
async function mayAnswer({ keys }: RegistryPorts, db: Kysely<Tables>, model: string): Promise<Version | undefined> {
  try {
    const before = await previousChampion(db, model);
    await checkSignOff(db, keys, before);
    return before;
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}
