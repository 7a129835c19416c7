import type { Column } from '../../../app/training/classifier/columns.ts';
import type { Cases } from '../../../app/training/classifier/trees.ts';
import { seededRandom } from '../../../app/training/random.ts';

export const WIDTH = 4;

export const COLUMNS: readonly Column[] = Array.from({ length: WIDTH }, (_, at) => ({
  input: `request.field_${at}`,
  fallback: 0,
  is: null,
}));

/** Cases whose label a rule decides; the columns are uniform in [-10, 10]. */
export function planted(size: number, rule: (row: Float32Array, random: () => number) => boolean, seed = 3): Cases {
  const random = seededRandom(seed);
  const x = Float32Array.from({ length: size * WIDTH }, () => 20 * random() - 10);
  const labels = Uint8Array.from({ length: size }, (_, row) =>
    rule(x.subarray(row * WIDTH, (row + 1) * WIDTH), random) ? 1 : 0,
  );
  return { x, width: WIDTH, labels };
}
