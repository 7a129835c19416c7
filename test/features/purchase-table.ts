import { DuckDBInstance } from '@duckdb/node-api';
import type { LakeRow } from '../../app/lake/port.ts';
import type { Row } from '../../app/usecases/event.ts';

/** One DuckDB in memory with the table `shop.purchase`: what the lake's SQL sees, without files. */
export async function openPurchaseTable() {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`set timezone = 'UTC'; create schema shop; create table shop.purchase (
    id varchar, who varchar, "at" timestamptz, pieces bigint, price double, kind varchar, gift boolean, due timestamptz, _partition bigint, _offset bigint)`);

  return {
    /** Replaces the table's rows; row i has offset i in partition 0. */
    async fill(rows: readonly Row[]): Promise<void> {
      await connection.run('truncate shop.purchase');
      const json = JSON.stringify(rows.map((row, offset) => ({ ...row, offset })));
      await connection.run(
        `insert into shop.purchase select id, who, make_timestamptz("at"), pieces, price, kind, gift, make_timestamptz(due), 0, "offset" from (
          select unnest(from_json($json, '[{"id":"VARCHAR","who":"VARCHAR","at":"BIGINT","pieces":"BIGINT","price":"DOUBLE","kind":"VARCHAR",
            "gift":"BOOLEAN","due":"BIGINT","offset":"BIGINT"}]'), recursive := true))`,
        { json },
      );
    },
    async query(sql: string, params: Readonly<Record<string, string>>): Promise<readonly LakeRow[]> {
      const reader = await connection.runAndReadAll(sql, { ...params });
      return reader.getRowObjectsJS() as unknown as readonly LakeRow[];
    },
    close(): void {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export type PurchaseTable = Awaited<ReturnType<typeof openPurchaseTable>>;
