import type { Kysely } from 'kysely';
import type { Micros } from '../clock/port.ts';
import { registryError } from './errors.ts';
import type { Metadata } from './metadata/port.ts';
import type { AliasName, Tables } from './metadata/tables.ts';
import {
  type Approval,
  type Deployment,
  type Lineage,
  type RecordedVerdict,
  toApproval,
  toDeployment,
  toVerdict,
  toVersion,
  type Version,
  type VersionDetail,
} from './version.ts';

/** The registry's read side: what a policy, a page or a server asks. Needs the metadata store and nothing else. */
export interface RegistryReader {
  /** Newest first. */
  list(model: string): Promise<readonly Version[]>;
  /** @throws MR_REGISTRY_VERSION_UNKNOWN */
  show(model: string, version: number): Promise<VersionDetail>;
  byUnit(unitId: string): Promise<Version | undefined>;
  alias(model: string, alias: AliasName): Promise<Version | undefined>;
  /** What answered at that moment; undefined before the first promotion. */
  at(model: string, moment: Micros): Promise<Version | undefined>;
  /** Of the model, or of one version of it, oldest first. */
  verdicts(model: string, version?: number): Promise<readonly RecordedVerdict[]>;
  /** Promotions and rollbacks of the champion, oldest first. */
  deployments(model: string): Promise<readonly Deployment[]>;
}

export function openRegistryReader({ db }: Pick<Metadata, 'db'>): RegistryReader {
  return {
    list: async (model) =>
      (await db.selectFrom('versions').selectAll().where('model', '=', model).orderBy('version', 'desc').execute()).map(
        toVersion,
      ),
    show: (model, version) => showVersion(db, model, version),
    byUnit: async (unitId) => {
      const row = await db.selectFrom('versions').selectAll().where('unit_id', '=', unitId).executeTakeFirst();
      return row === undefined ? undefined : toVersion(row);
    },
    alias: async (model, alias) => {
      const row = await db
        .selectFrom('aliases')
        .innerJoin('versions', (join) =>
          join.onRef('versions.model', '=', 'aliases.model').onRef('versions.version', '=', 'aliases.version'),
        )
        .selectAll('versions')
        .where('aliases.model', '=', model)
        .where('aliases.alias', '=', alias)
        .executeTakeFirst();
      return row === undefined ? undefined : toVersion(row);
    },
    at: async (model, moment) => {
      const row = await db
        .selectFrom('deployments')
        .select('version')
        .where('model', '=', model)
        .where('alias', '=', 'champion')
        .where('at', '<=', moment)
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? undefined : findVersion(db, model, row.version);
    },
    verdicts: (model, version) => verdictsOf(db, model, version),
    deployments: (model) => deploymentsOf(db, model),
  };
}

/** @throws MR_REGISTRY_VERSION_UNKNOWN */
export async function findVersion(db: Kysely<Tables>, model: string, version: number): Promise<Version> {
  const row = await db
    .selectFrom('versions')
    .selectAll()
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row !== undefined) return toVersion(row);
  const newest = await db
    .selectFrom('versions')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('model', '=', model)
    .executeTakeFirst();
  throw registryError('MR_REGISTRY_VERSION_UNKNOWN', `model '${model}' has no version ${version}`, {
    field: 'version',
    value: version,
    expected: newest?.version == null ? `a registered version; '${model}' has none yet` : `1 to ${newest.version}`,
  });
}

export async function deploymentsOf(db: Kysely<Tables>, model: string): Promise<readonly Deployment[]> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('model', '=', model)
    .where('alias', '=', 'champion')
    .orderBy('id')
    .execute();
  return rows.map(toDeployment);
}

/** Oldest first. */
export async function approvalsOf(db: Kysely<Tables>, model: string, version: number): Promise<readonly Approval[]> {
  const all = db.selectFrom('approvals').selectAll().where('model', '=', model).where('version', '=', version);
  return (await all.orderBy('id').execute()).map(toApproval);
}

/** Oldest first. */
export async function verdictsOf(db: Kysely<Tables>, model: string, version?: number): Promise<readonly RecordedVerdict[]> {
  const all = db.selectFrom('verdicts').selectAll().where('model', '=', model).orderBy('id');
  return (await (version === undefined ? all : all.where('version', '=', version)).execute()).map(toVerdict);
}

async function showVersion(db: Kysely<Tables>, model: string, number: number): Promise<VersionDetail> {
  const version = await findVersion(db, model, number);
  const aliases = await db
    .selectFrom('aliases')
    .select('alias')
    .where('model', '=', model)
    .where('version', '=', number)
    .execute();
  const approvals = await approvalsOf(db, model, number);
  const verdicts = await verdictsOf(db, model, number);
  const deployments = await deploymentsOf(db, model);
  return {
    ...version,
    aliases: aliases.map(({ alias }) => alias),
    approvals,
    verdicts,
    deployments: deployments.filter((deployment) => deployment.version === number),
    lineage: lineageOf(version, deployments),
  };
}

function lineageOf({ unitId, version, manifest }: Version, deployments: readonly Deployment[]): Lineage {
  const { dataset, codeCommit, featureViews, schemaHash, parameters, seed, files } = manifest;
  const served = deployments.flatMap((deployment, index) =>
    deployment.version === version ? [{ from: deployment.at, to: deployments[index + 1]?.at }] : [],
  );
  return { unitId, dataset, codeCommit, featureViews, schemaHash, parameters, seed, files, served };
}
