import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { everyType } from '../contracts/lake-rows.ts';
import { freshLake } from './fresh-lake.ts';

/** Python with delta-rs, the independent reader and writer of the protocol. */
const PYTHON = process.env.MILLRACE_DELTA_PYTHON ?? 'python3';

const READ = `
import json, sys
from deltalake import DeltaTable
import pyarrow.compute as pc
path = sys.argv[1]
table = DeltaTable(path)
rows = table.to_pyarrow_table()
first = rows.filter(pc.field("count") == 3).to_pylist()[0]
adds = table.get_add_actions(flatten=True)
print(json.dumps({
  "version": table.version(), "rows": rows.num_rows, "sum": pc.sum(rows["count"]).as_py(),
  "offset": table.transaction_version("clicks-0"),
  "types": [str(field.type) for field in rows.schema],
  "first": [first["id"], first["at"].isoformat(), first["sealed"].hex(), first["items"], first["vector"], first["seen"]],
  "old": DeltaTable(path, version=2).to_pyarrow_table().num_rows,
  "files": len(table.file_uris()),
}))
`;

const APPEND = `
import sys
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
schema = DeltaTable(sys.argv[1]).to_pyarrow_table().schema
row = {name: None for name in schema.names}
write_deltalake(sys.argv[1], pa.Table.from_pylist([{**row, "id": "from delta-rs", "count": 1000}], schema=schema), mode="append")
`;

test('delta-rs reads our tables, also from the checkpoint alone, and we read what it appends', async (t) => {
  if (spawnSync(PYTHON, ['-c', 'import deltalake, pyarrow']).status !== 0) {
    return t.skip('needs Python with delta-rs: `pip install deltalake==1.6.6 pyarrow`, its interpreter in MILLRACE_DELTA_PYTHON');
  }
  const { dir, lake, open, end } = await freshLake();
  const run = (program: string, path: string) => {
    const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', program, path], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  try {
    await lake.ensureTable(everyType);
    for (let count = 1; count <= 11; count += 1) {
      const full = {
        at: 1_767_225_600_123_456,
        sealed: Buffer.from([1, 255]),
        items: ['a', 'ü'],
        vector: [0.5, 2],
        seen: true,
        price: 0.1,
      };
      const add = [await lake.stage(everyType.name, [{ id: `r${count}`, count, ...full }, { id: 'nulls' }])];
      await lake.commit(everyType.name, { operation: 'WRITE', add, txn: [{ appId: 'clicks-0', version: count }] });
    }
    await lake.compact(everyType.name);
    const path = join(dir, 'objects', 'lake', 'shop', 'event');
    const wanted = {
      ...{ version: 12, rows: 22, sum: 66, offset: 11 },
      types: [
        'string',
        'int64',
        'double',
        'bool',
        'timestamp[us, tz=UTC]',
        'binary',
        'list<element: string>',
        'list<element: float>',
      ],
      first: ['r3', '2026-01-01T00:00:00.123456+00:00', '01ff', ['a', 'ü'], [0.5, 2], true],
      ...{ old: 4, files: 1 },
    };
    assert.deepEqual(JSON.parse(run(READ, path)), wanted);
    run(APPEND, path);
    assert.deepEqual(await lake.query('select count(*) as n, max(count) as most from shop.event'), [{ n: 23, most: 1000 }]);
    assert.equal((await lake.snapshot(everyType.name)).rows, 23);
    for (let version = 0; version < 10; version += 1)
      await rm(join(path, '_delta_log', `${String(version).padStart(20, '0')}.json`));
    const alone = JSON.parse(run(READ.replace('version=2', 'version=12'), path));
    assert.deepEqual([alone.version, alone.rows, alone.offset, alone.old], [13, 23, 11, 22]);
    assert.equal((await (await open()).snapshot(everyType.name)).rows, 23);
  } finally {
    await end();
  }
});
