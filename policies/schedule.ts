import { at, kindOf } from './read.ts';
import type { Resource } from './rule.ts';

/** Cron texts of a CronJob or CronWorkflow, and where they stand. */
export function schedulesOf(resource: Resource): readonly { readonly cron: string; readonly path: string }[] {
  const many = at(resource, 'spec', 'schedules');
  if (kindOf(resource) === 'CronWorkflow' && Array.isArray(many))
    return many.map((cron, index) => ({ cron: String(cron), path: `spec.schedules[${index}]` }));
  const one = at(resource, 'spec', 'schedule');
  return one === undefined ? [] : [{ cron: String(one), path: 'spec.schedule' }];
}

export const isSuspended = (resource: Resource): boolean => at(resource, 'spec', 'suspend') === true;

type Entry = Readonly<Record<string, unknown>>;

/** Whether some step of a CronWorkflow runs under a condition only. */
export function isConditional(resource: Resource): boolean {
  const entries = (value: unknown): readonly Entry[] => (Array.isArray(value) ? (value.flat() as Entry[]) : []);
  const steps = entries(at(resource, 'spec', 'workflowSpec', 'templates')).flatMap(({ steps, dag }) => [
    ...entries(steps),
    ...entries((dag as Entry | undefined)?.['tasks']),
  ]);
  return steps.some(({ when }) => when !== undefined);
}

const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Most whole days from one run of a cron text to the next, counted over four years; Infinity where it never runs.
 * Undefined for a text that is none. Names of months and days are not read.
 */
export function longestGapDays(cron: string): number | undefined {
  const parts = (NAMED[cron] ?? cron).trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = [
    values(parts[0], 0, 59),
    values(parts[1], 0, 23),
    values(parts[2], 1, 31),
    values(parts[3], 1, 12),
    values(parts[4], 0, 7),
  ];
  if (parts.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return undefined;
  const onWeekday = (day: number) => weekdays.has(day) || (day === 0 && weekdays.has(7));
  const [anyDay, anyWeekday] = [parts[2] === '*', parts[4] === '*'];
  let last: number | undefined;
  let longest = 0;
  for (let day = 0; day < 4 * 366; day += 1) {
    const date = new Date(Date.UTC(2024, 0, 1 + day));
    const [onDay, ofWeek] = [days.has(date.getUTCDate()), onWeekday(date.getUTCDay())];
    // Where both are restricted, either will do (crontab(5)).
    const fits = anyDay || anyWeekday ? onDay && ofWeek : onDay || ofWeek;
    if (!fits || !months.has(date.getUTCMonth() + 1)) continue;
    if (last !== undefined) longest = Math.max(longest, day - last);
    last = day;
  }
  return last === undefined || longest === 0 ? Number.POSITIVE_INFINITY : longest;
}

/** Members of one field: `*`, `a`, `a-b`, each with a step, joined by commas. */
function values(field: string | undefined, least: number, most: number): ReadonlySet<number> | undefined {
  const found = new Set<number>();
  for (const part of (field ?? '').split(',')) {
    const match = /^(\*|\d+)(?:-(\d+))?(?:\/([1-9]\d*))?$/.exec(part);
    if (match === null) return undefined;
    const step = Number(match[3] ?? 1);
    const from = match[1] === '*' ? least : Number(match[1]);
    const to = match[2] !== undefined ? Number(match[2]) : match[1] === '*' || match[3] !== undefined ? most : from;
    if (from < least || to > most || from > to) return undefined;
    for (let value = from; value <= to; value += step) found.add(value);
  }
  return found;
}
