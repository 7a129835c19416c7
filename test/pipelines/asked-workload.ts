import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningWorkload } from '../../pipelines/workloads/running.ts';

/** Waits until something has come about, half a minute at most. */
export async function until(done: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!(await done())) {
    if (performance.now() > limit) throw new Error('it never came about');
    await sleep(20);
  }
}

/** Asks one of its routes; the answer's status is `http`. */
export async function call(
  running: RunningWorkload,
  path: string,
  token: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${running.url}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  return { ...answer, http: response.status };
}
