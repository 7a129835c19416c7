/** Users of a shared database, the mightiest first: the owner makes the tables and is nobody's on any other day; only the gate's may move the champion. */
export const DATABASE_USERS = ['owner', 'gate', 'writer', 'keys', 'reader'] as const;
export type DatabaseUser = (typeof DATABASE_USERS)[number];

/** Those that workloads are, day by day. */
export const EVERYDAY_USERS = ['gate', 'writer', 'keys', 'reader'] as const satisfies readonly DatabaseUser[];
export type EverydayUser = (typeof EVERYDAY_USERS)[number];

/** What the database calls it. */
export const userName = (user: DatabaseUser): string => `millrace_${user}`;
