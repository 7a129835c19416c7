import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../clock/port.ts';
import { audited, type RegistryPorts } from './act.ts';
import { registryError } from './errors.ts';
import type { AliasName, Tables } from './metadata/tables.ts';
import { deploymentsOf, findVersion } from './read.ts';
import { checkInUse, checkSignOff, setState } from './sign-off.ts';
import type { Deployment, Version } from './version.ts';

/** Reads and checks every byte of a unit; throws where one is not as registered. */
export type CheckUnit = (unitId: string) => Promise<unknown>;

export interface DeployOptions {
  readonly model: string;
  readonly actor: string;
  readonly reason: string;
}

/**
 * Makes a version the champion. The former one stays loadable. Promoting the champion again changes nothing.
 * @throws MR_REGISTRY_NOT_GATED, MR_REGISTRY_NOT_APPROVED, MR_REGISTRY_RETIRED, MR_REGISTRY_DIGEST_MISMATCH, …
 */
export function promote(ports: RegistryPorts, checkUnit: CheckUnit, number: number, options: DeployOptions): Promise<Version> {
  const { model, actor, reason } = options;
  return audited(
    ports,
    { action: 'registry.version.promote', actor, subject: `${model}@${number}`, detail: { reason } },
    async (db) => {
      const version = await findVersion(db, model, number);
      await checkSignOff(db, ports.keys, version);
      const champion = (await deploymentsOf(db, model)).at(-1);
      if (champion?.version === number) return { result: version, changed: false };
      await deploy(db, ports.clock, 'promote', version, options);
      await db
        .deleteFrom('aliases')
        .where('model', '=', model)
        .where('alias', '=', 'challenger')
        .where('version', '=', number)
        .execute();
      return { result: version, changed: true };
    },
    async () => {
      await checkUnit((await findVersion(ports.metadata.db, model, number)).unitId);
    },
  );
}

/**
 * Goes back to the champion before the current one, as often as there was one. A version that was retired or refused
 * since is passed over. @throws MR_REGISTRY_NO_PREVIOUS, and what promote throws
 */
export function rollback(ports: RegistryPorts, checkUnit: CheckUnit, options: DeployOptions): Promise<Version> {
  const { model, actor, reason } = options;
  return audited(
    ports,
    { action: 'registry.version.rollback', actor, subject: model, detail: { reason } },
    async (db) => {
      const target = await previousChampion(db, model);
      await checkSignOff(db, ports.keys, target);
      await deploy(db, ports.clock, 'rollback', target, options);
      return { result: target, changed: true };
    },
    async () => {
      await checkUnit((await previousChampion(ports.metadata.db, model)).unitId);
    },
  );
}

/**
 * Takes a version out for good: it never serves again, and its online rows may be dropped.
 * @throws MR_REGISTRY_CHAMPION, MR_REGISTRY_VERSION_UNKNOWN
 */
export function retire(ports: RegistryPorts, number: number, { model, actor, reason }: DeployOptions): Promise<Version> {
  const act = { action: 'registry.version.retire', actor, subject: `${model}@${number}`, detail: { reason } };
  return audited(ports, act, async (db) => {
    const version = await findVersion(db, model, number);
    checkInUse(version);
    if ((await deploymentsOf(db, model)).at(-1)?.version === number)
      throw registryError('MR_REGISTRY_CHAMPION', `version ${number} is the champion of '${model}'`, {
        field: 'version',
        value: number,
        expected: 'a version that does not answer now',
      });
    await setState(db, version, 'retired');
    await db.deleteFrom('aliases').where('model', '=', model).where('version', '=', number).execute();
    return { result: { ...version, state: 'retired' as const }, changed: true };
  });
}

/** Champions in the order they came, without those that a rollback took back: the last one answers. */
export function championStack(deployments: readonly Deployment[]): readonly number[] {
  const stack: number[] = [];
  for (const { act, version } of deployments) {
    if (act === 'promote') stack.push(version);
    else stack.length = stack.lastIndexOf(version) + 1;
  }
  return stack;
}

export async function previousChampion(db: Kysely<Tables>, model: string): Promise<Version> {
  const stack = championStack(await deploymentsOf(db, model));
  const current = stack.at(-1);
  for (const number of stack.slice(0, -1).reverse()) {
    const version = await findVersion(db, model, number);
    if (number !== current && version.state === 'approved') return version;
  }
  throw registryError('MR_REGISTRY_NO_PREVIOUS', `'${model}' has no earlier champion that may serve`, {
    field: 'model',
    value: model,
    expected: 'a champion before the current one, still approved',
  });
}

export async function deploy(
  db: Transaction<Tables>,
  clock: Clock,
  act: Deployment['act'],
  version: Version,
  { model, actor, reason }: DeployOptions,
): Promise<void> {
  const last = (await deploymentsOf(db, model)).at(-1);
  // A clock set back must not make the past say something else.
  const at = Math.max(clock.now(), last?.at ?? 0);
  await setAlias(db, model, 'champion', version.version, at);
  await db
    .insertInto('deployments')
    .values({ model, alias: 'champion', version: version.version, unit_id: version.unitId, at, act, actor, reason })
    .execute();
}

export async function setAlias(
  db: Transaction<Tables>,
  model: string,
  alias: AliasName,
  version: number,
  at: number,
): Promise<void> {
  await db
    .insertInto('aliases')
    .values({ model, alias, version, at })
    .onConflict((conflict) => conflict.columns(['model', 'alias']).doUpdateSet({ version, at }))
    .execute();
}
