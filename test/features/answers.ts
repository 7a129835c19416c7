import { readOnline } from '../../app/features/serve-features.ts';
import type { LakeRow } from '../../app/lake/port.ts';
import { activity as view } from '../../app/usecases/retail/features.ts';
import { type Shop, START } from './shop.ts';

/** When the first answer was given: all clicks of a shop with 700 come before it. */
export const LATER = START + 60 * 3_600_000_000;

/** What serving logs of one answer: the user's online row as it is now. */
export async function answer(
  shop: Shop,
  i: number,
  change: (features: Record<string, unknown>) => void = () => undefined,
): Promise<LakeRow> {
  const [entity, at] = [`user-${i % 7}`, LATER + i];
  const row = await readOnline({ ...shop, view, entity, t: at });
  const features: Record<string, unknown> = { 'request.k': 20 };
  for (const [name, value] of Object.entries(row?.values ?? {})) features[`${view.name}.${name}`] = value;
  change(features);
  return {
    ...{
      request_id: `request-${i}`,
      unit_id: 'unit',
      version: 1,
      user_id: entity,
      at,
      items: ['item-1'],
      scores: [0.5],
      fallback: null,
    },
    ...{ feature_partition: row?.partition ?? null, feature_offset: row?.nextOffset ?? null, features: JSON.stringify(features) },
    ...{ confidence: 1, latency_ms: 1, _partition: 0, _offset: i, _ingested_at: at },
  };
}
