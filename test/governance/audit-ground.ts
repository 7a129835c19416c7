import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBucketAudit } from '../../app/governance/audit-sink/bucket.ts';
import { openEmbeddedAudit } from '../../app/governance/audit-sink/embedded.ts';
import type { AuditSink } from '../../app/governance/audit-sink/port.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import type { KeyStore } from '../../app/governance/keys/port.ts';
import type { ObjectStore } from '../../app/lake/object-store/port.ts';

export interface AuditGround {
  readonly root: string;
  readonly dir: string;
  readonly witnessDir: string;
  readonly keys: KeyStore;
  open(): Promise<AuditSink>;
  end(): Promise<void>;
}

/** Folders of one audit log under a temporary one, and a clock that counts. */
export async function auditGround(): Promise<AuditGround> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-audit-'));
  const [dir, witnessDir] = [join(root, 'audit'), join(root, 'audit-witness')];
  const keys = await openEmbeddedKeys(join(root, 'keys'));
  const opened: AuditSink[] = [];
  let now = 1_767_225_600_000_000;
  return {
    root,
    dir,
    witnessDir,
    keys,
    async open() {
      const sink = await openEmbeddedAudit({ dir, witnessDir, keys, clock: { now: () => now++ } });
      opened.push(sink);
      return sink;
    },
    async end() {
      for (const sink of opened) await sink.close();
      await keys.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** One audit log on a bucket; each `open` of a store is another client of it. */
export async function bucketAuditGround(openStore: () => Promise<ObjectStore>) {
  const root = mkdtempSync(join(tmpdir(), 'millrace-audit-'));
  const keys = await openEmbeddedKeys(join(root, 'keys'));
  const opened: AuditSink[] = [];
  let now = 1_767_225_600_000_000;
  const openOn = async (objects: ObjectStore): Promise<AuditSink> => {
    const sink = await openBucketAudit({ objects, keys, clock: { now: () => now++ } });
    opened.push(sink);
    return sink;
  };
  return {
    keys,
    openOn,
    open: async () => openOn(await openStore()),
    async end() {
      for (const sink of opened) await sink.close();
      await keys.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
