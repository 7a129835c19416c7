import { auditGround } from '../governance/audit-ground.ts';
import { auditSinkContract } from './audit-sink.ts';

auditSinkContract('embedded', async () => auditGround());
