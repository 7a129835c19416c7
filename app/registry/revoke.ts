import { audited, type RegistryPorts } from './act.ts';
import type { DeployOptions } from './deploy.ts';
import { findVersion } from './read.ts';
import { checkInUse, setState } from './sign-off.ts';
import type { Version } from './version.ts';

/**
 * Takes a version's approval back for good, e.g. where its data turned out to be poisoned. Unlike `retire` it may be the
 * champion: that one answers until another is promoted or rolled back to, so that the shop does not go blank, but no
 * deployment names it any more. @throws MR_REGISTRY_REVOKED, MR_REGISTRY_RETIRED, MR_REGISTRY_VERSION_UNKNOWN
 */
export function revoke(ports: RegistryPorts, number: number, { model, actor, reason }: DeployOptions): Promise<Version> {
  const act = { action: 'registry.version.revoke', actor, subject: `${model}@${number}`, detail: { reason } };
  return audited(ports, act, async (db) => {
    const version = await findVersion(db, model, number);
    checkInUse(version);
    await setState(db, version, 'revoked');
    await db
      .deleteFrom('aliases')
      .where('model', '=', model)
      .where('alias', '=', 'challenger')
      .where('version', '=', number)
      .execute();
    return { result: { ...version, state: 'revoked' as const }, changed: true };
  });
}
