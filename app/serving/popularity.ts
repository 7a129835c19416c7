import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Lake } from '../lake/port.ts';
import type { RecommenderUseCase } from '../usecases/usecase.ts';

/** Most items that a request may exclude. */
export const MAX_EXCLUDED = 100;

/** What answers before the first release. */
export interface PopularItems {
  /** The label's events, or the catalogue where there are none yet; null where the lake holds neither. */
  readonly table: string | null;
  /** Lake version that was read. */
  readonly version: number;
  /** Most popular first; by item id where only the catalogue is known; empty where nothing is. */
  readonly items: readonly string[];
}

const NOTHING: PopularItems = { table: null, version: 0, items: [] };

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const LIMIT = (usecase: RecommenderUseCase): number => usecase.serving.k.max + MAX_EXCLUDED;

/**
 * Counts the label's events by item and weight, or, where the lake has none yet, lists the catalogue in the order of its
 * ids; at the pinned version of a table, or the newest. Ties are ordered by item id, so that one version always gives one list.
 */
export async function countPopular(
  lake: Lake,
  usecase: RecommenderUseCase,
  pin?: { readonly table: string | null; readonly version: number },
): Promise<PopularItems> {
  const { label } = usecase.model;
  const known = async (table: string) => (pin === undefined ? lake.has(table) : pin.table === table);
  const events = `${usecase.name}.${label.event.name}`;
  const counted = (await known(events)) ? await countEvents(lake, usecase, events, pin?.version) : NOTHING;
  if (counted.items.length > 0 || pin?.table === events) return counted;
  const catalogue = usecase.tables.find(({ key }) => key === label.item);
  const table = `${usecase.name}.${catalogue?.name}`;
  return catalogue !== undefined && (await known(table))
    ? listCatalogue(lake, usecase, { table, name: catalogue.name, key: catalogue.key, version: pin?.version })
    : NOTHING;
}

async function listCatalogue(
  lake: Lake,
  usecase: RecommenderUseCase,
  {
    table,
    name,
    key,
    version,
  }: { readonly table: string; readonly name: string; readonly key: string; readonly version: number | undefined },
): Promise<PopularItems> {
  const pinned = version ?? (await lake.snapshot(table)).version;
  const rows = await lake.query<{ readonly item: string }>(
    `select distinct ${quoted(key)} as item from ${quoted(usecase.name)}.${quoted(name)} order by item limit ${LIMIT(usecase)}`,
    { at: { [table]: pinned } },
  );
  return { table, version: pinned, items: rows.map(({ item }) => item) };
}

async function countEvents(
  lake: Lake,
  usecase: RecommenderUseCase,
  table: string,
  version: number | undefined,
): Promise<PopularItems> {
  const { label } = usecase.model;
  const pinned = version ?? (await lake.snapshot(table)).version;
  const weights = Object.entries(label.weights).map(([value, weight]) => `when ${text(value)} then ${weight}`);
  const rows = await lake.query<{ readonly item: string }>(
    `select ${quoted(label.item)} as item, sum(case ${quoted(label.weightBy)} ${weights.join(' ')} else 0 end) as weight
     from ${quoted(usecase.name)}.${quoted(label.event.name)}
     where ${quoted(label.item)} is not null
     group by 1 order by weight desc, item limit ${LIMIT(usecase)}`,
    { at: { [table]: pinned } },
  );
  return { table, version: pinned, items: rows.map(({ item }) => item) };
}

export interface PopularWatch {
  items(): PopularItems;
  /** Resolves after the first count. */
  counted(): Promise<void>;
  stop(): Promise<void>;
}

/** Counts popularity now and every `everyMs` (5 s where left out) as long as it is needed, off the path of the requests. */
export function watchPopular(options: {
  readonly usecase: RecommenderUseCase;
  readonly lake: Lake;
  readonly logger: Logger;
  readonly needed: () => boolean;
  readonly everyMs?: number;
}): PopularWatch {
  const stopping = new AbortController();
  let newest = NOTHING;
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
