import { randomInt } from 'node:crypto';
import type { Lake, LakeChange, LakeSnapshot } from './port.ts';

/** What says in a table whose turn some partitions are, as the conditions of a commit. */
export type Turns = NonNullable<LakeChange['txn']>;

/** Far more than there are attempts at once: two who take over together are told apart by where each stepped. */
const STEP = 2 ** 30;

/**
 * Takes over the partitions in each of the tables, in this order. From here on a commit that is made on the conditions of an
 * earlier turn is refused, however late whoever was paused in the middle of one comes to make it.
 */
export async function takeTurns(
  lake: Lake,
  tables: readonly string[],
  topic: string,
  partitions: readonly number[],
): Promise<readonly Turns[]> {
  for (;;) {
    const turns: Turns[] = [];
    for (const table of tables) turns.push(await takeTurn(lake, table, topic, partitions));
    // Of two who take over at once each might end with one table: only who still has all of them goes on.
    const held = await Promise.all(tables.map(async (table, at) => stillHold(await lake.snapshot(table), turns[at] ?? [])));
    if (held.every(Boolean)) return turns;
  }
}

async function takeTurn(lake: Lake, table: string, topic: string, partitions: readonly number[]): Promise<Turns> {
  if (partitions.length === 0) return [];
  for (;;) {
    const { txn } = await lake.snapshot(table);
    const steps = partitions.map((partition) => {
      const appId = `turn of ${topic}-${partition}`;
      const after = txn.get(appId) ?? 0;
      return { appId, version: after + 1 + randomInt(STEP), after };
    });
    const taken = await lake.commit(table, { operation: 'TAKE OVER', txn: steps, info: { topic } });
    const turns = steps.map(({ appId, version }) => ({ appId, version, after: version }));
    if (stillHold(taken, turns)) return turns;
  }
}

export const stillHold = ({ txn }: LakeSnapshot, turns: Turns): boolean =>
  turns.every(({ appId, version }) => txn.get(appId) === version);
