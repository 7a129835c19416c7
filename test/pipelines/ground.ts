import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openEmbeddedOnline } from '../../app/features/online-store/embedded.ts';
import type { OnlineStore } from '../../app/features/online-store/port.ts';
import { openRuntime, type Runtime } from '../../app/runtime.ts';

/** Where every workload of a test runs. */
export interface WorkloadGround {
  /** For scratch. */
  readonly dir: string;
  /** The stores as the named workload may open them. */
  as(workload: string): Runtime;
  /** The stores as whoever sets them up may. */
  readonly owner: Runtime;
  /** An online store with nothing in it. */
  emptyOnline(): Promise<OnlineStore>;
  end(): Promise<void>;
}

/** One data folder, which all open alike. */
export async function embeddedGround(): Promise<WorkloadGround> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-privilege-'));
  const logger = pino({ level: process.env['MILLRACE_TEST_LOG'] ?? 'silent' });
  const owner = openRuntime({ dataDir: dir, logger, environment: {} });
  return {
    dir,
    as: () => owner,
    owner,
    emptyOnline: () => openEmbeddedOnline(join(dir, 'online-anew')),
    async end() {
      await owner.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
