import type { Micros } from '../../clock/port.ts';

/** The audit log: append-only, one record for each act that changes what the platform may do. */
export interface AuditSink {
  /** Resolves when the record and its new signed checkpoint are durable in both places. */
  append(act: AuditAct): Promise<AuditRecord>;
  read(from?: number, limit?: number): Promise<readonly AuditRecord[]>;
  size(): Promise<number>;
  verify(): Promise<AuditVerdict>;
  close(): Promise<void>;
}

export interface AuditAct {
  /** `layer.noun.verb`, e.g. `registry.version.promote`. */
  readonly action: string;
  /** Who: a role or workload identity, never personal data. */
  readonly actor: string;
  /** On what: a version, unit id, pseudonym or request id. */
  readonly subject: string;
  readonly outcome: 'allowed' | 'refused' | 'done' | 'failed';
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditRecord extends AuditAct {
  readonly index: number;
  readonly at: Micros;
  /** SHA-256 leaf hash (RFC 6962 §2.1), hex. */
  readonly leaf: string;
}

export type AuditVerdict =
  | { readonly verified: true; readonly size: number; readonly root: string }
  | { readonly verified: false; readonly size: number; readonly brokenAt: number; readonly reason: string };
