import type { WorldOptions } from './world.ts';

/** A shop that fills a history of 30 days with about 150,000 events of about 2,100 visitors. */
export const LAPTOP_WORLD: Required<WorldOptions> = {
  seed: 20_260_101,
  users: 2_000,
  items: 800,
  categories: 12,
  sessionsPerHour: 28,
};

/** The same shop as the running loop has it: as many events in days as above in a month, so that live windows fill in seconds. */
export const BUSY_WORLD: Required<WorldOptions> = { ...LAPTOP_WORLD, users: 6_000, sessionsPerHour: 170 };
