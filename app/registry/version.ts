import type { Micros } from '../clock/port.ts';
import type { Signature } from '../governance/keys/port.ts';
import type { AliasName, ApprovalTable, DeploymentTable, VerdictTable, VersionState, VersionTable } from './metadata/tables.ts';
import type { DatasetPin, FileDigest, ReleaseManifest } from './release.ts';

/** One registered release of a model. Versions of a model are 1, 2, 3, … without gaps. */
export interface Version {
  readonly model: string;
  readonly version: number;
  /** SHA-256 of the manifest's canonical JSON, hex. */
  readonly unitId: string;
  readonly state: VersionState;
  readonly author: string;
  readonly createdAt: Micros;
  readonly manifest: ReleaseManifest;
  readonly signature: Signature;
}

export interface Approval {
  readonly approver: string;
  readonly unitId: string;
  readonly at: Micros;
  readonly signature: Signature;
}

/** A verdict as it is stored: `evidence` is the signed text itself, so that it can be checked byte by byte. */
export interface RecordedVerdict {
  readonly model: string;
  readonly version: number;
  readonly unitId: string;
  readonly verdict: 'passed' | 'refused';
  readonly at: Micros;
  readonly evidence: string;
  readonly signature: Signature;
}

export interface Deployment {
  readonly version: number;
  readonly unitId: string;
  readonly at: Micros;
  readonly act: 'promote' | 'rollback';
  readonly actor: string;
  readonly reason: string;
}

/** From where a release comes and where it went, as plain data. */
export interface Lineage {
  readonly unitId: string;
  /** Lake tables at their Delta versions, and the query that read them. */
  readonly dataset: DatasetPin;
  readonly codeCommit: string;
  readonly featureViews: Readonly<Record<string, string>>;
  readonly schemaHash: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly files: Readonly<Record<string, FileDigest>>;
  /** When it answered: `to` is undefined while it still does. */
  readonly served: readonly { readonly from: Micros; readonly to: Micros | undefined }[];
}

export interface VersionDetail extends Version {
  readonly aliases: readonly AliasName[];
  readonly approvals: readonly Approval[];
  readonly verdicts: readonly RecordedVerdict[];
  readonly deployments: readonly Deployment[];
  readonly lineage: Lineage;
}

type Stored<T> = Omit<T, 'id'>;

export const toVersion = (row: VersionTable): Version => ({
  model: row.model,
  version: row.version,
  unitId: row.unit_id,
  state: row.state,
  author: row.author,
  createdAt: row.created_at,
  manifest: JSON.parse(row.manifest) as ReleaseManifest,
  signature: JSON.parse(row.signature) as Signature,
});

export const toApproval = (row: Stored<ApprovalTable>): Approval => ({
  approver: row.approver,
  unitId: row.unit_id,
  at: row.at,
  signature: JSON.parse(row.signature) as Signature,
});

export const toVerdict = (row: Stored<VerdictTable>): RecordedVerdict => ({
  model: row.model,
  version: row.version,
  unitId: row.unit_id,
  verdict: row.verdict,
  at: row.at,
  evidence: row.evidence,
  signature: JSON.parse(row.signature) as Signature,
});

export const toDeployment = (row: Stored<DeploymentTable>): Deployment => ({
  version: row.version,
  unitId: row.unit_id,
  at: row.at,
  act: row.act,
  actor: row.actor,
  reason: row.reason,
});
