import type { Generated } from 'kysely';

/** All tables of the metadata store. JSON columns hold text; times are microseconds. */
export interface Tables {
  /** One row, one column: the layout version of the data folder. */
  layout: { version: number };
  versions: VersionTable;
  aliases: { model: string; alias: 'champion' | 'challenger'; version: number; at: number };
  approvals: { id: Generated<number>; model: string; version: number; unit_id: string; approver: string; at: number; signature: string };
  verdicts: { id: Generated<number>; model: string; version: number; unit_id: string; verdict: 'passed' | 'refused'; at: number; evidence: string; signature: string };
  /** What an alias pointed to, and from when: answers `registry at <time>`. */
  deployments: { id: Generated<number>; model: string; alias: string; version: number; unit_id: string; at: number; actor: string; reason: string };
  runs: { id: string; pipeline: string; reason: string; state: 'running' | 'done' | 'failed'; started_at: number; ended_at: number | null; input: string; error: string | null };
  steps: { run_id: string; step: string; state: 'running' | 'done' | 'failed'; attempt: number; input: string; output: string | null; started_at: number; ended_at: number | null; error: string | null };
  /** Batch uploads already taken in, by checksum. */
  uploads: { source: string; name: string; sha256: string; rows: number; state: 'reading' | 'done'; next_row: number; at: number };
  /** Where an API pull stands. */
  cursors: { source: string; cursor: string; at: number };
  /** Named values of the platform itself: replay clock, simulator position, drift state. */
  settings: { name: string; value: string };
}

export interface VersionTable {
  model: string;
  version: number;
  unit_id: string;
  /** `candidate` until the gate has passed it and someone approved it. */
  state: 'candidate' | 'gated' | 'refused' | 'approved' | 'retired';
  author: string;
  created_at: number;
  /** The release manifest, canonical JSON; its SHA-256 is the unit id. */
  manifest: string;
  signature: string;
}
