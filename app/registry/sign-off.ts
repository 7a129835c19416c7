import type { Kysely, Transaction } from 'kysely';
import { canonicalJson } from '../canonical.ts';
import type { KeyStore, Signature } from '../governance/keys/port.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { audited, checkName, type RegistryPorts, samePerson } from './act.ts';
import { registryError } from './errors.ts';
import type { Tables, VersionState } from './metadata/tables.ts';
import { approvalsOf, findVersion, verdictsOf } from './read.ts';
import { checkSigned } from './unit.ts';
import type { Approval, RecordedVerdict, Version } from './version.ts';

/** What the registry reads in a verdict's evidence; the gate writes more. */
export interface EvidenceHead {
  readonly kind: 'verdict';
  readonly model: string;
  readonly version: number;
  readonly unitId: string;
  readonly verdict: 'passed' | 'refused';
  /** Who may approve: the use case's policy at the time of the gate, so that it is signed along. */
  readonly approval: UseCase['gate']['approval'];
  /** Digest of the image that judged, which is the one that will serve; `none` where it ran outside of one. @default 'none' */
  readonly imageDigest?: string;
}

/** The gate's evidence as canonical JSON, signed. */
export interface SignedEvidence {
  readonly evidence: string;
  readonly signature: Signature;
}

/**
 * Stores a verdict, whichever way it falls. A refusal takes an approval back; a pass leaves one standing.
 * @throws MR_REGISTRY_SIGNATURE_INVALID, MR_REGISTRY_VERSION_UNKNOWN, MR_REGISTRY_RETIRED
 */
export function recordVerdict(
  ports: RegistryPorts,
  actor: string,
  { evidence, signature }: SignedEvidence,
): Promise<RecordedVerdict> {
  const head = JSON.parse(evidence) as EvidenceHead & { readonly checks?: readonly { name: string; passed: boolean }[] };
  const failed = (head.checks ?? []).filter(({ passed }) => !passed).map(({ name }) => name);
  const detail = { version: head.version, verdict: head.verdict, failed: failed.join(', ') };
  return audited(ports, { action: 'delivery.gate.verdict', actor, subject: head.unitId, detail }, async (db) => {
    await checkSigned(ports.keys, 'verdict', evidence, signature);
    const version = await findVersion(db, head.model, head.version);
    if (version.unitId !== head.unitId) throw notAbout('verdict', version, head.unitId);
    const state = afterVerdict(version, head.verdict);
    const at = ports.clock.now();
    const row = { model: head.model, version: head.version, unit_id: head.unitId, verdict: head.verdict, at, evidence };
    await db
      .insertInto('verdicts')
      .values({ ...row, signature: JSON.stringify(signature) })
      .execute();
    await setState(db, version, state);
    const { model, version: number, unitId, verdict } = head;
    return { result: { model, version: number, unitId, verdict, at, evidence, signature }, changed: true };
  });
}

function afterVerdict(version: Version, verdict: 'passed' | 'refused'): VersionState {
  checkInUse(version);
  if (verdict === 'refused') return 'refused';
  return version.state === 'approved' ? 'approved' : 'gated';
}

/**
 * Signs a gated version off. Idempotent per approver.
 * @throws MR_REGISTRY_NOT_GATED, MR_REGISTRY_SAME_PERSON where the use case asks for another person than the author
 */
export function approve(ports: RegistryPorts, model: string, number: number, approver: string): Promise<Approval> {
  const act = { action: 'registry.version.approve', actor: approver, subject: `${model}@${number}` };
  return audited(ports, act, async (db) => {
    const version = await findVersion(db, model, number);
    checkName('approver', approver);
    const policy = (await passedVerdict(db, ports.keys, version)).approval;
    if (policy !== 'local' && samePerson(approver, version.author))
      throw registryError('MR_REGISTRY_SAME_PERSON', `'${approver}' made version ${number} and may not approve it`, {
        field: 'approver',
        value: approver,
        expected: 'someone other than the author',
      });
    const known = (await approvalsOf(db, model, number)).find((approval) => approval.approver === approver);
    if (version.state === 'approved' && known !== undefined) return { result: known, changed: false };
    const at = ports.clock.now();
    const signature = await ports.keys.sign(Buffer.from(approvalText(version, { approver, at })));
    await db
      .insertInto('approvals')
      .values({ model, version: number, unit_id: version.unitId, approver, at, signature: JSON.stringify(signature) })
      .execute();
    await setState(db, version, 'approved');
    return { result: { approver, unitId: version.unitId, at, signature }, changed: true };
  });
}

/** What an approval's signature covers. */
export const approvalText = ({ model, version, unitId }: Version, { approver, at }: Pick<Approval, 'approver' | 'at'>): string =>
  canonicalJson({ kind: 'approval', model, version, unitId, approver, at });

/**
 * Checks the whole sign-off of a version: state, the newest verdict and every approval, each by its signature.
 * @throws MR_REGISTRY_NOT_GATED, MR_REGISTRY_NOT_APPROVED, MR_REGISTRY_RETIRED, MR_REGISTRY_REVOKED, MR_REGISTRY_SIGNATURE_INVALID
 */
export async function checkSignOff(db: Kysely<Tables>, keys: KeyStore, version: Version): Promise<void> {
  const policy = (await passedVerdict(db, keys, version)).approval;
  const approvals = await approvalsOf(db, version.model, version.version);
  for (const approval of approvals) {
    if (approval.unitId !== version.unitId) throw notAbout('approval', version, approval.unitId);
    await checkSigned(keys, 'approval', approvalText(version, approval), approval.signature);
  }
  const counts = approvals.some(({ approver }) => policy === 'local' || !samePerson(approver, version.author));
  if (version.state === 'approved' && counts) return;
  throw registryError('MR_REGISTRY_NOT_APPROVED', `version ${version.version} of '${version.model}' is not approved`, {
    field: 'state',
    value: version.state,
    expected: 'approved',
  });
}

/** The newest verdict, which must be a pass. */
async function passedVerdict(db: Kysely<Tables>, keys: KeyStore, version: Version): Promise<EvidenceHead> {
  checkInUse(version);
  const newest = (await verdictsOf(db, version.model, version.version)).at(-1);
  if (newest === undefined || newest.verdict !== 'passed' || version.state === 'refused' || version.state === 'candidate')
    throw registryError('MR_REGISTRY_NOT_GATED', `version ${version.version} of '${version.model}' has not passed the gate`, {
      field: 'state',
      value: newest === undefined ? 'never judged' : newest.verdict,
      expected: 'passed',
    });
  await checkSigned(keys, 'verdict', newest.evidence, newest.signature);
  const head = JSON.parse(newest.evidence) as EvidenceHead;
  if (head.unitId !== version.unitId || head.verdict !== 'passed') throw notAbout('verdict', version, head.unitId);
  return head;
}

const notAbout = (what: string, version: Version, found: string) =>
  registryError('MR_REGISTRY_SIGNATURE_INVALID', `the ${what} is about another unit than version ${version.version}`, {
    field: what,
    value: found,
    expected: version.unitId,
  });

/** @throws MR_REGISTRY_RETIRED, MR_REGISTRY_REVOKED for a version that never serves again */
export function checkInUse({ model, version, state }: Version): void {
  if (state !== 'retired' && state !== 'revoked') return;
  const code = state === 'retired' ? 'MR_REGISTRY_RETIRED' : 'MR_REGISTRY_REVOKED';
  throw registryError(code, `version ${version} of '${model}' is ${state}`, {
    field: 'state',
    value: state,
    expected: 'approved',
  });
}

export async function setState(db: Transaction<Tables>, { model, version }: Version, state: VersionState): Promise<void> {
  await db.updateTable('versions').set({ state }).where('model', '=', model).where('version', '=', version).execute();
}
