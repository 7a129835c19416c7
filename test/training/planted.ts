import { DAY, type Micros } from '../../app/clock/port.ts';
import type { Interaction } from '../../app/training/interactions.ts';
import { seededRandom } from '../../app/training/random.ts';

export interface PlantedOptions {
  readonly seed: number;
  readonly users?: number;
  readonly items?: number;
  readonly groups?: number;
  readonly perUser?: number;
  readonly days?: number;
  readonly start?: Micros;
}

export const ROLES = { taste: 'user_taste.taste', recent: 'user_activity.recent_items', activity: 'user_activity.events_30d' };

/** Item i belongs to group i mod `groups`, user u to group u mod `groups`; nine clicks of ten stay in the user's group. */
export function planted(options: PlantedOptions): Interaction[] {
  const { users = 120, items = 80, groups = 4, perUser = 24, days = 20, start = 1_000 * DAY } = options;
  const random = seededRandom(options.seed);
  const rows: Interaction[] = [];
  for (let user = 0; user < users; user += 1) {
    for (let event = 0; event < perUser; event += 1) {
      const group = random() < 0.9 ? user % groups : Math.floor(random() * groups);
      // Squaring makes low numbers popular.
      const rank = Math.floor((random() ** 2 * items) / groups);
      const kind = random();
      rows.push({
        user: `u${user}`,
        item: `i${rank * groups + group}`,
        weight: kind < 0.8 ? 1 : kind < 0.95 ? 3 : 5,
        at: start + Math.floor(random() * days * DAY),
        hit: true,
      });
    }
  }
  return rows;
}
