import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import { crashPoint } from '../crash-point.ts';
import type { Metadata } from '../registry/metadata/port.ts';
import { defineEvent, type EventType, type TableType } from '../usecases/event.ts';
import { text, timestamp } from '../usecases/field.ts';
import { admit } from '../validation/door.ts';
import { faultText } from '../validation/fault.ts';
import { ingestionError } from './errors.ts';

export interface ApiPullOptions {
  /** Names the cursor; one source has one. */
  readonly source: string;
  /** First page; the cursor is added as `?cursor=`. Pages are `{"rows": [...], "next": "cursor" | null}`. */
  readonly url: string;
  /** Requests a second at most. */
  readonly perSecond: number;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Takes a page in, durably and idempotently: a crash after it and before the cursor is kept brings the page of the same
   * cursor again. The first page's cursor is null.
   */
  readonly write: (rows: readonly unknown[], cursor: string | null) => Promise<void>;
  /** Rows that break the table's rules are left out, counted and logged. @default rows are not judged */
  readonly table?: TableType;
  /** Tries of one page before the pull gives up. @default 6 */
  readonly tries?: number;
  /** Longest wait for an answer, milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** First pause after a failure; it doubles each time, with full jitter, up to 30 s. @default 250 */
  readonly backoffMs?: number;
  readonly random?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

interface Page {
  readonly rows: readonly unknown[];
  readonly next: string | null;
}

const LONGEST_PAUSE_MS = 30_000;
/** Cursor of a source that was read to its end. */
const END = '';

/**
 * Pulls a third party's API to its end: page by page, no faster than allowed, tried again where it fails, and from the last
 * whole page on after a crash. Resolves to the rows of this call. Jitter: full, as in "Exponential Backoff And Jitter"
 * (AWS 2015).
 * @throws MR_INGESTION_API_FAILED, MR_INGESTION_API_REFUSED, MR_INGESTION_API_ANSWER
 */
export async function pullApi(
  options: ApiPullOptions,
): Promise<{ readonly rows: number; readonly refused: number; readonly pages: number; readonly retries: number }> {
  const { source, metadata, clock } = options;
  const sleep = options.sleep ?? pause;
  const saved = await metadata.db.selectFrom('cursors').select('cursor').where('source', '=', source).executeTakeFirst();
  let cursor: string | null = saved === undefined || saved.cursor === END ? null : saved.cursor;
  const count = { rows: 0, refused: 0, pages: 0, retries: 0 };
  let earliest = 0;
  do {
    await sleep(Math.max(0, earliest - performance.now()));
    earliest = performance.now() + 1000 / options.perSecond;
    const page: Page = await fetchPage(options, cursor, () => {
      count.retries += 1;
    });
    const rows = judged(options, page.rows);
    await options.write(rows, cursor);
    crashPoint('ingestion.api-pull.after-write');
    cursor = page.next;
    const row = { source, cursor: cursor ?? END, at: clock.now() };
    await metadata.db
      .insertInto('cursors')
      .values(row)
      .onConflict((conflict) => conflict.column('source').doUpdateSet(row))
      .execute();
    count.rows += rows.length;
    count.refused += page.rows.length - rows.length;
    count.pages += 1;
  } while (cursor !== null);
  return count;
}

async function fetchPage(options: ApiPullOptions, cursor: string | null, onRetry: () => void): Promise<Page> {
  const { tries = 6, timeoutMs = 10_000, backoffMs = 250, random = Math.random, sleep = pause } = options;
  const url = new URL(options.url);
  if (cursor !== null) url.searchParams.set('cursor', cursor);
  for (let attempt = 1; ; attempt += 1) {
    let wait = random() * Math.min(LONGEST_PAUSE_MS, backoffMs * 2 ** (attempt - 1));
    let why: string;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), headers: { accept: 'application/json' } });
      if (response.ok) return readPage(await response.json(), url);
      await response.arrayBuffer();
      if (response.status !== 429 && response.status < 500) {
        throw ingestionError('MR_INGESTION_API_REFUSED', `${options.source} answered ${response.status}`, {
          field: 'url',
          value: url.pathname,
          expected: 'status 200',
        });
      }
      why = `status ${response.status}`;
      wait = Math.min(retryAfterMs(response.headers) ?? wait, LONGEST_PAUSE_MS);
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('MR_')) throw cause;
      why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      if (attempt >= tries) throw failed(options.source, url, attempt, why, cause);
    }
    if (attempt >= tries) throw failed(options.source, url, attempt, why, undefined);
    options.logger.warn({ source: options.source, attempt, why, waitMs: Math.round(wait) }, 'the API failed; trying again');
    onRetry();
    // A second try is a request like any other.
    await sleep(Math.max(wait, 1000 / options.perSecond));
  }
}

/** `Retry-After`, in seconds or as a date by the server's own clock (RFC 9110 §10.2.3); undefined where there is none. */
function retryAfterMs(headers: Headers): number | undefined {
  const asked = headers.get('retry-after');
  if (asked === null) return undefined;
  const ms = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const judges = new WeakMap<TableType, EventType>();

/** A row of a table has an event's rules for its fields, and no event time. */
function judgeOf(table: TableType): EventType {
  const known = judges.get(table);
  if (known !== undefined) return known;
  const judge = {
    ...defineEvent({ name: 'row', id: 'id', time: 'at', key: 'id', fields: { id: text(), at: timestamp() } }),
    fields: table.fields,
  };
  judges.set(table, judge);
  return judge;
}

function judged(options: ApiPullOptions, rows: readonly unknown[]): readonly unknown[] {
  const { table, clock, logger, source } = options;
  if (table === undefined) return rows;
  return rows.filter((row) => {
    const admission = admit(judgeOf(table), row, clock);
    if (!admission.ok) logger.warn({ source, faults: admission.faults.map(faultText) }, 'a row breaks the rules of its table');
    return admission.ok;
  });
}

const failed = (source: string, url: URL, attempts: number, why: string, cause: unknown) =>
  ingestionError('MR_INGESTION_API_FAILED', `${source} failed ${attempts} times; the last was ${why}`, {
    field: 'url',
    value: url.pathname,
    expected: 'an answer',
    cause,
  });

function readPage(answer: unknown, url: URL): Page {
  const page = answer as Partial<Page> | null;
  if (
    typeof page === 'object' &&
    page !== null &&
    Array.isArray(page.rows) &&
    (page.next === null || typeof page.next === 'string')
  )
    return page as Page;
  throw ingestionError('MR_INGESTION_API_ANSWER', 'the answer is no page', {
    field: 'body',
    value: url.pathname,
    expected: '{"rows": [...], "next": "cursor" | null}',
  });
}
