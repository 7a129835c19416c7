import assert from 'node:assert/strict';
import { DAY, type Micros } from '../../app/clock/port.ts';
import type { EventLog, StoredRecord } from '../../app/ingestion/event-log/port.ts';
import { deadTopic, eventTopic, predictionTopic } from '../../app/ingestion/topics.ts';
import { eventTable, predictionTable, quarantineTable } from '../../app/lake/event-table.ts';
import type { Lake } from '../../app/lake/port.ts';
import type { Metadata } from '../../app/registry/metadata/port.ts';
import { shopSimulation } from '../../app/usecases/retail/simulation.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { admit } from '../../app/validation/door.ts';
import { simulatedSource } from '../../pipelines/loop/simulated.ts';

const { event } = retail.model.label;

async function readTopic(log: EventLog, topic: string): Promise<readonly (readonly StoredRecord[])[]> {
  const ends = await log.endOffsets(topic);
  return Promise.all(
    ends.map(async (end, partition) => {
      const records: StoredRecord[] = [];
      while (records.length < end) records.push(...(await log.read(topic, partition, records.length, 10_000)));
      return records;
    }),
  );
}

const parsed = ({ value }: StoredRecord) => JSON.parse(value.toString('utf8')) as Readonly<Record<string, unknown>>;

interface Logged {
  readonly id: string;
  readonly at: Micros;
}

/** The stream's events in the log, by partition. Fails where an id stands twice, or a partition is out of the stream's order. */
async function loggedEvents(log: EventLog): Promise<readonly (readonly Logged[])[]> {
  const partitions = (await readTopic(log, eventTopic(retail, event.name))).map((records) =>
    records.map(parsed).map((row) => ({ id: String(row[event.id]), at: Number(row[event.time]) })),
  );
  const ids = partitions.flat().map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'an event id stands twice in the log');
  for (const [partition, records] of partitions.entries()) {
    const early = records.findIndex(({ at }, index) => at < (records[index - 1]?.at ?? 0));
    assert.equal(early, -1, `partition ${partition}: offset ${early} is older than the one before it`);
  }
  return partitions;
}

/** Rows of the tables by partition and offset, as `partition offset id`. */
async function lakeRows(lake: Lake, tables: readonly string[], id: string): Promise<readonly string[]> {
  const rows = await Promise.all(
    tables.map((table) => lake.query<{ row: string }>(`select concat_ws(' ', _partition, _offset, ${id}) as row from ${table}`)),
  );
  return rows.flat().map(({ row }) => row);
}

function sameRows(lake: readonly string[], log: readonly string[], what: string): void {
  assert.equal(new Set(lake).size, lake.length, `${what}: a row stands twice in the lake`);
  const held = new Set(lake);
  const lost = log.filter((row) => !held.has(row));
  assert.deepEqual(lost.slice(0, 3), [], `${what}: ${lost.length} records of the log are not in the lake at their place`);
  assert.equal(lake.length, log.length, `${what}: the lake holds rows that the log does not`);
}

/** Each record of the log once in the lake or its quarantine, at its own partition and offset. */
export async function checkLake(log: EventLog, lake: Lake): Promise<{ readonly events: number; readonly predictions: number }> {
  const events = (await loggedEvents(log)).flatMap((records, partition) =>
    records.map(({ id }, offset) => `${partition} ${offset} ${id}`),
  );
  sameRows(
    await lakeRows(lake, [eventTable(retail, event).name, quarantineTable(retail, event).name], event.id),
    events,
    'events',
  );
  const answers = (await readTopic(log, predictionTopic(retail))).flatMap((records, partition) =>
    records.map((record, offset) => `${partition} ${offset} ${String(parsed(record).request_id)}`),
  );
  const requests = answers.map((row) => row.split(' ')[2]);
  assert.equal(new Set(requests).size, requests.length, 'a request id stands twice in the log');
  sameRows(await lakeRows(lake, [predictionTable(retail).name], 'request_id'), answers, 'predictions');
  return { events: events.length, predictions: answers.length };
}

async function setting(metadata: Metadata, name: string): Promise<string> {
  const row = await metadata.db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
  assert.ok(row !== undefined, `no setting ${name}`);
  return row.value;
}

/**
 * What an undisturbed run would have taken: makes the simulated stream again, up to where the loop says it stands, and
 * looks for each of its events in the log, and for each broken one among the dead letters, once.
 */
export async function checkStream(log: EventLog, metadata: Metadata): Promise<void> {
  const saved = JSON.parse(await setting(metadata, 'loop.source')) as { name: string; liveFrom: Micros; changes: Micros[] };
  const position = Number(await setting(metadata, 'loop.position'));
  const logged = (await loggedEvents(log)).flat();
  const oldest = logged.reduce((least, { at }) => Math.min(least, at), saved.liveFrom);
  assert.equal(saved.name, `simulator (seed ${shopSimulation.seed})`);
  const source = simulatedSource({
    simulation: { ...shopSimulation, historyDays: Math.ceil((saved.liveFrom - oldest) / DAY) },
    liveFrom: saved.liveFrom,
    changes: saved.changes,
    onChange: () => undefined,
  });
  const expected = new Set<string>();
  let broken = 0;
  const take = (wire: unknown, at: Micros) => {
    const admission = admit(event, wire, { now: () => at });
    if (admission.ok) expected.add(String(admission.row[event.id]));
    else broken += 1;
  };
  for await (const { wire } of source.history()) take(wire, saved.liveFrom);
  for (const { wire } of await source.live(saved.liveFrom, position)) take(wire, position);

  const held = new Set(logged.map(({ id }) => id));
  const lost = [...expected].filter((id) => !held.has(id));
  assert.deepEqual(lost.slice(0, 3), [], `${lost.length} events of the stream are not in the log`);
  const strange = logged.filter(({ id, at }) => at < position && !expected.has(id));
  assert.deepEqual(strange.slice(0, 3), [], `${strange.length} events of the log are not of the stream`);

  const letters = (await readTopic(log, deadTopic(retail, event.name))).flat().map(({ key }) => key);
  assert.equal(new Set(letters).size, letters.length, 'a dead letter stands twice');
  assert.ok(broken > 0 && letters.length >= broken, `${letters.length} dead letters for ${broken} broken events`);
}
