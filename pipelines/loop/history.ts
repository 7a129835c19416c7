import type { Intake } from '../../app/ingestion/intake.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { readSetting, saveSetting } from '../../app/registry/metadata/settings.ts';
import type { VisitSource } from './source.ts';

const BATCH = 5_000;

export interface HistoryCount {
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
}

/**
 * Takes the stream's history in, once. A run that was killed half-way reads it again from the start: the intake knows
 * each event by its id, so nothing is doubled.
 */
export async function takeHistoryIn(options: {
  readonly source: VisitSource;
  readonly intake: Intake;
  readonly metadata: Metadata;
  readonly onProgress: (message: string) => void;
}): Promise<HistoryCount> {
  const name = `history.${options.source.name}`;
  const before = await readSetting(options.metadata, name);
  if (before !== undefined) return JSON.parse(before) as HistoryCount;

  const count = { accepted: 0, duplicates: 0, refused: 0 };
  const take = async (event: string, batch: readonly unknown[]) => {
    for (const { status } of await options.intake.accept(event, batch, 'history')) {
      if (status === 'accepted') count.accepted += 1;
      else if (status === 'duplicate') count.duplicates += 1;
      else count.refused += 1;
    }
    options.onProgress(`${(count.accepted + count.duplicates).toLocaleString('en')} events`);
  };
  const batches = new Map<string, unknown[]>();
  for await (const { event, wire } of options.source.history()) {
    const batch = batches.get(event) ?? [];
    batches.set(event, batch);
    batch.push(wire);
    if (batch.length < BATCH) continue;
    batches.delete(event);
    await take(event, batch);
  }
  for (const [event, batch] of batches) await take(event, batch);
  await saveSetting(options.metadata, name, JSON.stringify(count));
  return count;
}
