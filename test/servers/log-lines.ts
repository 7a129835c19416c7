import { type Logger, pino } from 'pino';

/** What a logger wrote, line by line. */
export type LogLines = Record<string, unknown>[];

export const logTo = (found: LogLines): Logger =>
  pino({ level: 'trace' }, { write: (line: string) => void found.push(JSON.parse(line) as Record<string, unknown>) });
