import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Clock } from '../../app/clock/port.ts';
import { openEmbeddedKeys } from '../../app/governance/keys/embedded.ts';
import { openEmbeddedLog } from '../../app/ingestion/event-log/embedded.ts';
import { openIntake } from '../../app/ingestion/intake.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';

export { retail };

export const NOW = Date.UTC(2026, 0, 10, 12) * 1000;
export const clock: Clock = { now: () => NOW };
export const silent = pino({ level: 'silent' });
export const code = (expected: string) => (error: { code?: string }) => error.code === expected;

/** A right click event; `n` makes id, session and moment. */
export const wire = (n: number, more: Readonly<Record<string, unknown>> = {}) => ({
  event_id: `e${n}`,
  user_id: `user${n % 7}@example.org`,
  session_id: `s${n}`,
  item_id: `i${n % 11}`,
  kind: 'view',
  price: 9.5,
  address: '192.0.2.7',
  event_time: new Date(NOW / 1000 - 3_600_000 + n * 1000).toISOString(),
  ...more,
});

export async function openGround() {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-ingestion-'));
  const open = async () => {
    const log = await openEmbeddedLog(join(dir, 'log'));
    const keys = await openEmbeddedKeys(join(dir, 'keys'));
    const intake = await openIntake({ usecase: retail, log, keys, clock, logger: silent, dedupeDir: join(dir, 'dedupe') });
    return { log, keys, intake };
  };
  let parts = await open();
  const close = async () => {
    await parts.intake.close();
    await parts.log.close();
    await parts.keys.close();
  };
  return {
    dir,
    log: () => parts.log,
    keys: () => parts.keys,
    intake: () => parts.intake,
    async reopen() {
      await close();
      parts = await open();
    },
    /** Leaves the folder to a child process. */
    close,
    async open() {
      parts = await open();
    },
    async end() {
      await close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type Ground = Awaited<ReturnType<typeof openGround>>;
