import type { WorldOptions } from './world.ts';

/** A shop that fills a history of 30 days with about 150,000 events of about 2,100 visitors. */
export const LAPTOP_WORLD: Required<WorldOptions> = {
  seed: 20_260_101,
  users: 2_000,
  items: 800,
  categories: 12,
  sessionsPerHour: 28,
};
