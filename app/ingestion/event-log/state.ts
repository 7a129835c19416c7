import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ingestionError } from '../errors.ts';
import type { TopicSpec } from './port.ts';

/** What the log knows besides its records: topics, group offsets, and who may write. */
export interface LogState {
  topics(): readonly TopicSpec[];
  addTopic(topic: TopicSpec): void;
  committed(group: string, topic: string): ReadonlyMap<number, number>;
  commit(group: string, topic: string, partition: number, next: number): void;
  close(): void;
}

/**
 * Opens the state in exclusive mode. SQLite holds an advisory lock of the operating system for as long as this process
 * lives, so a process that was killed leaves no stale lock, in whatever container it ran; `owner.json` only names it.
 * @throws MR_INGESTION_LOG_LOCKED
 */
export function openLogState(dir: string): LogState {
  mkdirSync(dir, { recursive: true });
  const owner = join(dir, 'owner.json');
  const db = new DatabaseSync(join(dir, 'state.sqlite'));
  try {
    db.exec('pragma locking_mode = exclusive; pragma synchronous = full; begin exclusive');
    db.exec('create table if not exists topics (name text primary key, partitions integer not null) strict');
    db.exec(
      `create table if not exists offsets ("group" text, topic text, partition integer, next integer not null,
       primary key ("group", topic, partition)) strict`,
    );
    db.exec('create table if not exists opened (one integer primary key check (one = 1), times integer not null) strict');
    // A write keeps the exclusive lock after the commit; a transaction that only read would give it back.
    db.exec('insert into opened values (1, 1) on conflict do update set times = times + 1; commit');
  } catch (cause) {
    db.close();
    if (!/locked|busy/i.test(String(cause))) throw cause;
    throw ingestionError('MR_INGESTION_LOG_LOCKED', `the event log in ${dir} is written by ${readOwner(owner)}`, {
      field: '--data',
      value: dir,
      expected: 'one writing process',
      cause,
    });
  }
  writeFileSync(owner, JSON.stringify({ pid: process.pid }));

  const committed = db.prepare('select partition, next from offsets where "group" = ? and topic = ?');
  const commit = db.prepare(
    'insert into offsets values (?, ?, ?, ?) on conflict ("group", topic, partition) do update set next = excluded.next',
  );
  return {
    topics: () => db.prepare('select name, partitions from topics order by name').all() as unknown as TopicSpec[],
    addTopic: ({ name, partitions }) => void db.prepare('insert into topics values (?, ?)').run(name, partitions),
    committed: (group, topic) =>
      new Map(committed.all(group, topic).map(({ partition, next }) => [Number(partition), Number(next)])),
    commit: (group, topic, partition, next) => void commit.run(group, topic, partition, next),
    close: () => db.close(),
  };
}

function readOwner(file: string): string {
  try {
    return `process ${(JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid}`;
  } catch {
    return 'another process';
  }
}
