import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../../app/clock/port.ts';
import { pullApi } from '../../app/ingestion/api-pull.ts';
import { catalogueTable } from '../../app/lake/event-table.ts';
import type { Lake, LakeRow } from '../../app/lake/port.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import type { TableType } from '../../app/usecases/event.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { VisitSource } from './source.ts';

const PAGE_ROWS = 200;

/** The supplier of the laptop's loop: an API of our own on loopback, in pages by cursor. */
async function startSupplier(rows: readonly unknown[], path: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://supplier');
    if (url.pathname !== path) return void response.writeHead(404).end();
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const next = from + PAGE_ROWS < rows.length ? String(from + PAGE_ROWS) : null;
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ rows: rows.slice(from, from + PAGE_ROWS), next }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Pulls the use case's tables from their APIs into the lake; resolves to the rows that the lake then holds. */
export async function takeCatalogueIn(options: {
  readonly usecase: UseCase;
  readonly source: VisitSource;
  readonly lake: Lake;
  readonly metadata: Metadata;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress: (message: string) => void;
}): Promise<number> {
  const { usecase, lake, metadata, clock, logger } = options;
  let total = 0;
  for (const api of usecase.sources.filter((source) => source.kind === 'api')) {
    const table = usecase.tables.find(({ name }) => name === api.into) as TableType;
    const spec = catalogueTable(usecase, table);
    await lake.ensureTable(spec);
    const source = `${usecase.name}.${api.into}`;
    const held = await lake.snapshot(spec.name);
    const finished = await metadata.db.selectFrom('cursors').select('cursor').where('source', '=', source).executeTakeFirst();
    if (finished?.cursor === '') {
      total += held.rows;
      continue;
    }
    const supplier = await startSupplier(options.source.rows(api.into), api.path);
    try {
      await pullApi({
        source,
        table,
        url: supplier.url,
        perSecond: api.perSecond,
        metadata,
        clock,
        logger,
        write: async (page, cursor) => {
          if (page.length === 0) return;
          const rows = page.map((wire): LakeRow => {
            const fields = wire as Readonly<Record<string, string | number | null>>;
            return Object.fromEntries(
              spec.columns.map(({ name }) => [name, fields[name] ?? (name === '_ingested_at' ? clock.now() : null)]),
            );
          });
          // The supplier's cursor counts rows, so a page that comes again after a crash is a version the table has.
          const version = Number(cursor ?? 0) + PAGE_ROWS;
          await lake.commit(spec.name, {
            operation: 'API PULL',
            add: [await lake.stage(spec.name, rows)],
            txn: [{ appId: source, version }],
          });
          options.onProgress(`${version} rows of ${api.into}`);
        },
      });
      total += (await lake.snapshot(spec.name)).rows;
    } finally {
      await supplier.close();
    }
  }
  return total;
}
