import type { Generated } from 'kysely';

/** All tables of the metadata store. JSON columns hold text; times are microseconds. */
export interface Tables {
  /** One row, one column: the layout version of the data folder. */
  layout: { version: number };
  versions: VersionTable;
  aliases: AliasTable;
  approvals: ApprovalTable;
  verdicts: VerdictTable;
  deployments: DeploymentTable;
  runs: RunTable;
  steps: StepTable;
  uploads: UploadTable;
  /** Where an API pull stands. */
  cursors: { source: string; cursor: string; at: number };
  /** Named values of the platform itself: replay clock, simulator position, drift state. */
  settings: { name: string; value: string };
}

export type AliasName = 'champion' | 'challenger';
export type VersionState = 'candidate' | 'gated' | 'refused' | 'approved' | 'retired' | 'revoked';

/** Key: (model, version); the unit id is unique. */
export interface VersionTable {
  model: string;
  version: number;
  unit_id: string;
  /** `candidate` until the gate has passed it, `approved` once someone signed it off as well. */
  state: VersionState;
  author: string;
  created_at: number;
  /** The release manifest, canonical JSON; its SHA-256 is the unit id. */
  manifest: string;
  /** JSON of a `Signature` over the manifest's text. */
  signature: string;
}

/** Key: (model, alias). */
export interface AliasTable {
  model: string;
  alias: AliasName;
  version: number;
  at: number;
}

export interface ApprovalTable {
  id: Generated<number>;
  model: string;
  version: number;
  unit_id: string;
  approver: string;
  at: number;
  /** JSON of a `Signature` over the approval's canonical JSON. */
  signature: string;
}

export interface VerdictTable {
  id: Generated<number>;
  model: string;
  version: number;
  unit_id: string;
  verdict: 'passed' | 'refused';
  at: number;
  /** Canonical JSON of the whole evidence. */
  evidence: string;
  /** JSON of a `Signature` over the evidence's text. */
  signature: string;
}

/** What the champion alias pointed to, and from when: answers `registry at <time>`. Append-only. */
export interface DeploymentTable {
  id: Generated<number>;
  model: string;
  alias: AliasName;
  version: number;
  unit_id: string;
  at: number;
  /** A rollback takes the newest promotion back. */
  act: 'promote' | 'rollback';
  actor: string;
  reason: string;
}

/** Key: id. */
export interface RunTable {
  id: string;
  pipeline: string;
  reason: string;
  state: 'running' | 'done' | 'failed';
  started_at: number;
  ended_at: number | null;
  input: string;
  error: string | null;
}

/** One row a try; of several tries of a step the last one counts. */
export interface StepTable {
  run_id: string;
  step: string;
  state: 'running' | 'done' | 'failed';
  attempt: number;
  input: string;
  output: string | null;
  started_at: number;
  ended_at: number | null;
  error: string | null;
}

/** Batch uploads already taken in. Key: (source, sha256). */
export interface UploadTable {
  source: string;
  name: string;
  sha256: string;
  rows: number;
  state: 'reading' | 'done';
  next_row: number;
  at: number;
}
