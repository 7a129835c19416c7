import { after } from 'node:test';
import { openPostgresMetadata } from '../../app/registry/metadata/postgres.ts';
import { standOn } from '../registry/ground.ts';
import { startPostgres } from './postgres.ts';

/** The registry's own tests, each again on Postgres. */
const server = await startPostgres();
after(() => server.stop());
standOn(async () => openPostgresMetadata(await server.database()));
await import('../registry/registry.test.ts');
await import('../registry/state-machine.test.ts');
await import('../registry/tampering.test.ts');
await import('../registry/snapshot.test.ts');
