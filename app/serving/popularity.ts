import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Lake } from '../lake/port.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** Most items that a request may exclude. */
export const MAX_EXCLUDED = 100;

/** The most popular items by the lake, for the time before the first release. */
export interface PopularItems {
  readonly table: string;
  /** Lake version that was counted. */
  readonly version: number;
  /** Most popular first. */
  readonly items: readonly string[];
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/**
 * Counts the label's events by item and weight, at `version` or the newest. Ties are ordered by item id, so that one
 * version always gives one list. Undefined where the lake has no such events yet.
 */
export async function countPopular(lake: Lake, usecase: UseCase, version?: number): Promise<PopularItems | undefined> {
  const { label } = usecase.model;
  const table = `${usecase.name}.${label.event.name}`;
  if (!(await lake.tables()).includes(table)) return undefined;
  const pinned = version ?? (await lake.snapshot(table)).version;
  const weights = Object.entries(label.weights).map(([value, weight]) => `when ${text(value)} then ${weight}`);
  const limit = usecase.serving.k.max + MAX_EXCLUDED;
  const rows = await lake.query<{ readonly item: string }>(
    `select ${quoted(label.item)} as item, sum(case ${quoted(label.weightBy)} ${weights.join(' ')} else 0 end) as weight
     from ${quoted(usecase.name)}.${quoted(label.event.name)}
     where ${quoted(label.item)} is not null
     group by 1 order by weight desc, item limit ${limit}`,
    { at: { [table]: pinned } },
  );
  return rows.length === 0 ? undefined : { table, version: pinned, items: rows.map(({ item }) => item) };
}

export interface PopularWatch {
  items(): PopularItems | undefined;
  /** Resolves after the first count. */
  counted(): Promise<void>;
  stop(): Promise<void>;
}

/** Counts popularity now and every `everyMs` as long as it is needed, off the path of the requests. @default every 5 s */
export function watchPopular(options: {
  readonly usecase: UseCase;
  readonly lake: Lake;
  readonly logger: Logger;
  readonly needed: () => boolean;
  readonly everyMs?: number;
}): PopularWatch {
  const stopping = new AbortController();
  let newest: PopularItems | undefined;
  let first = (): void => undefined;
  const counted = new Promise<void>((resolve) => {
    first = resolve;
  });
  const watch = async () => {
    while (!stopping.signal.aborted) {
      if (options.needed()) {
        newest = await countPopular(options.lake, options.usecase).catch((error: unknown) => {
          options.logger.warn({ err: error }, 'popularity could not be counted');
          return newest;
        });
      }
      first();
      await sleep(options.everyMs ?? 5_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    items: () => newest,
    counted: () => counted,
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
