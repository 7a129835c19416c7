import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedObjects } from '../../app/lake/object-store/embedded.ts';
import { auditGround, bucketAuditGround } from '../governance/audit-ground.ts';
import { auditSinkContract } from './audit-sink.ts';

auditSinkContract('embedded', async () => auditGround());

// On a folder as the bucket here, on a real server in test/servers.
auditSinkContract('bucket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-audit-bucket-'));
  const ground = await bucketAuditGround(() => openEmbeddedObjects(folder));
  const end = async () => {
    await ground.end();
    rmSync(folder, { recursive: true, force: true });
  };
  return { open: ground.open, end };
});
