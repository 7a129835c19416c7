import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openEmbeddedOnline } from '../app/features/online-store/embedded.ts';

/**
 * The embedded online store (LMDB) against node:sqlite (WAL, synchronous=normal) in one process: the same rows in the same
 * order, written in batches with an offset each, then read one by one at random; every read is checked to give equal bytes.
 * Prints operations a second of wall time and the ratio. `node bench/online-store.ts [rows] [reads]`
 */
const rows = Number(process.argv[2] ?? 100_000);
const reads = Number(process.argv[3] ?? 200_000);
const BATCH = 1000;
const ROUNDS = 3;

/** xorshift32: the same entities and bytes on each run. */
function* randoms(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

const random = randoms(42);
const entities = Array.from(
  { length: rows },
  () => `${random.next().value.toString(16).padStart(8, '0')}-${random.next().value.toString(16)}`,
);
const bytes = Array.from({ length: rows }, (_, i) => Buffer.alloc(100 + (random.next().value % 300), i));
const order = Array.from({ length: reads }, () => random.next().value % rows);
const batches = Array.from({ length: Math.ceil(rows / BATCH) }, (_, b) => [b * BATCH, Math.min(rows, (b + 1) * BATCH)] as const);

interface Figures {
  readonly writes: number;
  readonly reads: number;
  readonly checksum: number;
}

const perSecond = (count: number, since: number): number => (count * 1000) / (performance.now() - since);
const sum = (row: Buffer | Uint8Array | undefined): number =>
  row === undefined ? Number.NaN : row.length + (row[0] ?? 0) + (row.at(-1) ?? 0);

async function lmdb(dir: string): Promise<Figures> {
  const store = await openEmbeddedOnline(dir);
  const started = performance.now();
  for (const [from, to] of batches) {
    await store.write({
      rows: entities.slice(from, to).map((entity, i) => ({ view: 'view', entity, row: bytes[from + i] ?? Buffer.alloc(0) })),
      offsets: { consumer: 'bench', next: new Map([[0, to]]) },
    });
  }
  const writes = perSecond(rows, started);
  const reading = performance.now();
  let checksum = 0;
  for (const i of order) checksum += sum(await store.get('view', entities[i] ?? ''));
  const figures = { writes, reads: perSecond(reads, reading), checksum };
  await store.close();
  return figures;
}

async function sqlite(dir: string): Promise<Figures> {
  const db = new DatabaseSync(join(dir, 'online.sqlite'));
  db.exec(`pragma journal_mode = wal; pragma synchronous = normal;
    create table rows (view text, entity text, row blob, primary key (view, entity)) without rowid;
    create table offsets (consumer text, partition integer, next integer, primary key (consumer, partition))`);
  const put = db.prepare('insert or replace into rows values (?, ?, ?)');
  const move = db.prepare('insert or replace into offsets values (?, ?, ?)');
  const get = db.prepare('select row from rows where view = ? and entity = ?');
  const started = performance.now();
  for (const [from, to] of batches) {
    db.exec('begin immediate');
    for (let i = from; i < to; i++) put.run('view', entities[i] ?? '', bytes[i] ?? Buffer.alloc(0));
    move.run('bench', 0, to);
    db.exec('commit');
  }
  const writes = perSecond(rows, started);
  const reading = performance.now();
  let checksum = 0;
  // Awaited as the port is, so that both pay for the promise.
  for (const i of order)
    checksum += sum(await Promise.resolve(get.get('view', entities[i] ?? '')?.row as Uint8Array | undefined));
  const figures = { writes, reads: perSecond(reads, reading), checksum };
  db.close();
  return figures;
}

async function inFolder(run: (dir: string) => Promise<Figures>): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    return await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const lmdbVersion = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { dependencies: { lmdb: string } }
).dependencies.lmdb;
const sqliteVersion = () => {
  const db = new DatabaseSync(':memory:');
  const version = db.prepare('select sqlite_version() as version').get()?.version;
  db.close();
  return version;
};

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model}), load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
console.log(
  `node ${process.version}, lmdb ${lmdbVersion}, SQLite ${sqliteVersion()}; ${rows} rows of 100 to 399 bytes, ${reads} reads`,
);
for (let round = 1; round <= ROUNDS; round++) {
  const ours = await inFolder(lmdb);
  const peer = await inFolder(sqlite);
  if (ours.checksum !== peer.checksum || Number.isNaN(ours.checksum))
    throw new Error(`answers differ: ${ours.checksum} and ${peer.checksum}`);
  for (const kind of ['writes', 'reads'] as const) {
    const [a, b] = [ours[kind], peer[kind]];
    console.log(`round ${round}, ${kind} a second: lmdb ${Math.round(a)}, sqlite ${Math.round(b)}, ratio ${(a / b).toFixed(2)}`);
  }
}
