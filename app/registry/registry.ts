import type { Micros } from '../clock/port.ts';
import { audited, type RegistryPorts } from './act.ts';
import { promote, retire, rollback, setAlias } from './deploy.ts';
import { sha256 } from './digest.ts';
import { registryError } from './errors.ts';
import { openRegistryReader, type RegistryReader } from './read.ts';
import type { ReleaseManifest } from './release.ts';
import { revoke } from './revoke.ts';
import { approve, recordVerdict, type SignedEvidence } from './sign-off.ts';
import { sweepReleases } from './sweep.ts';
import { checkManifest, type LoadedUnit, manifestText, readFiles } from './unit.ts';
import { type Approval, type RecordedVerdict, toVersion, type Version } from './version.ts';

/**
 * The registry: what was released, who signed it off, what answered when. Every act is one transaction with its audit
 * record, refusals included, and safe to repeat.
 */
export interface Registry extends RegistryReader {
  /**
   * Lists a release whose files are all there with the right digests; makes it the challenger. Idempotent by unit id.
   * @throws MR_REGISTRY_MANIFEST_INVALID, MR_REGISTRY_FILE_MISSING, MR_REGISTRY_DIGEST_MISMATCH
   */
  register(manifest: ReleaseManifest, author: string): Promise<Version>;
  /** @throws MR_REGISTRY_NOT_GATED, MR_REGISTRY_SAME_PERSON */
  approve(model: string, version: number, approver: string): Promise<Approval>;
  /** @throws MR_REGISTRY_NOT_GATED, MR_REGISTRY_NOT_APPROVED, MR_REGISTRY_DIGEST_MISMATCH, MR_REGISTRY_SIGNATURE_INVALID */
  promote(model: string, version: number, actor: string, reason: string): Promise<Version>;
  /** Back to the champion before. @throws MR_REGISTRY_NO_PREVIOUS */
  rollback(model: string, actor: string, reason: string): Promise<Version>;
  /** @throws MR_REGISTRY_CHAMPION */
  retire(model: string, version: number, actor: string, reason: string): Promise<Version>;
  /** Out for good, the champion as well: the one before it comes back, where there is one. @throws MR_REGISTRY_REVOKED, MR_REGISTRY_RETIRED */
  revoke(model: string, version: number, actor: string, reason: string): Promise<Version>;
  /** Stores the gate's signed evidence. @throws MR_REGISTRY_SIGNATURE_INVALID */
  recordVerdict(actor: string, evidence: SignedEvidence): Promise<RecordedVerdict>;
  /** A unit's files, every byte checked. @throws MR_REGISTRY_DIGEST_MISMATCH, MR_REGISTRY_SIGNATURE_INVALID */
  loadUnit(unitId: string): Promise<LoadedUnit>;
  /** Deletes a model's release folders older than a day that no version names; resolves to them. */
  sweep(model: string): Promise<readonly string[]>;
}

/** The read side with the releases' files: it acts on nothing, so it needs no audit log. */
export function openReleases(
  ports: Pick<RegistryPorts, 'metadata' | 'objects' | 'keys'>,
): RegistryReader & Pick<Registry, 'loadUnit'> {
  return { ...openRegistryReader(ports.metadata), loadUnit: (unitId) => load(ports, unitId) };
}

export function openRegistry(ports: RegistryPorts): Registry {
  const releases = openReleases(ports);
  const { loadUnit } = releases;
  return {
    ...releases,
    register: (manifest, author) => register(ports, manifest, author),
    approve: (model, version, approver) => approve(ports, model, version, approver),
    promote: (model, version, actor, reason) => promote(ports, loadUnit, version, { model, actor, reason }),
    rollback: (model, actor, reason) => rollback(ports, loadUnit, { model, actor, reason }),
    retire: (model, version, actor, reason) => retire(ports, version, { model, actor, reason }),
    revoke: (model, version, actor, reason) => revoke(ports, loadUnit, version, { model, actor, reason }),
    recordVerdict: (actor, evidence) => recordVerdict(ports, actor, evidence),
    sweep: (model) => sweepReleases(ports, model),
  };
}

function register(ports: RegistryPorts, manifest: ReleaseManifest, author: string): Promise<Version> {
  const { model } = manifest;
  let text = '';
  const act = { action: 'registry.version.register', actor: author, subject: String(model) };
  return audited(
    ports,
    act,
    async (db) => {
      const unitId = sha256(text);
      const known = await db.selectFrom('versions').selectAll().where('unit_id', '=', unitId).executeTakeFirst();
      if (known !== undefined) return { result: toVersion(known), changed: false };
      const newest = await db
        .selectFrom('versions')
        .select(({ fn }) => fn.max('version').as('version'))
        .where('model', '=', model)
        .executeTakeFirst();
      const created_at: Micros = ports.clock.now();
      const row = {
        model,
        version: Number(newest?.version ?? 0) + 1,
        unit_id: unitId,
        state: 'candidate' as const,
        author,
        created_at,
        manifest: text,
        signature: JSON.stringify(await ports.keys.sign(Buffer.from(text))),
      };
      await db.insertInto('versions').values(row).execute();
      await setAlias(db, model, 'challenger', row.version, created_at);
      return { result: toVersion(row), changed: true };
    },
    async () => {
      text = manifestText(manifest);
      await readFiles(ports.objects, manifest);
    },
  );
}

async function load(
  { metadata, objects, keys }: Pick<RegistryPorts, 'metadata' | 'objects' | 'keys'>,
  unitId: string,
): Promise<LoadedUnit> {
  const row = await metadata.db
    .selectFrom('versions')
    .select(['manifest', 'signature'])
    .where('unit_id', '=', unitId)
    .executeTakeFirst();
  if (row === undefined)
    throw registryError('MR_REGISTRY_VERSION_UNKNOWN', `no version has the unit id ${unitId}`, {
      field: 'unitId',
      value: unitId,
      expected: 'the unit id of a registered version',
    });
  await checkManifest(keys, { unitId, text: row.manifest, signature: JSON.parse(row.signature) });
  const manifest = JSON.parse(row.manifest) as ReleaseManifest;
  return { manifest, files: await readFiles(objects, manifest) };
}
