import type { OnlineStore } from '../../features/online-store/port.ts';
import type { EventLog, LogRecord } from '../../ingestion/event-log/port.ts';
import { currentTracer, TRACEPARENT, traced, tracedHeaders } from './span.ts';

/** Most records that a read names as what led to it. */
const LINKS = 32;

/** The log with a span for each append and read: a record carries the trace that it was made in, and who reads it is linked to that. */
export function tracedLog(log: EventLog): EventLog {
  return {
    ...bound(log),
    append: (topic, records) => {
      const attributes = { ...ofTopic(topic), 'messaging.batch.message_count': records.length };
      return traced(`send ${topic}`, { kind: 'producer', attributes }, () => log.append(topic, records.map(marked)));
    },
    async read(topic, partition, offset, limit) {
      const records = await log.read(topic, partition, offset, limit);
      const links = [...new Set(records.flatMap(({ headers }) => headers?.[TRACEPARENT] ?? []))].slice(0, LINKS);
      if (links.length === 0) return records;
      const attributes = { ...ofTopic(topic), 'messaging.batch.message_count': records.length };
      currentTracer()?.start(`receive ${topic}`, { kind: 'consumer', links, attributes }).end();
      return records;
    },
  };
}

/** The online store with a span for each read and write of rows. */
export function tracedOnline(store: OnlineStore): OnlineStore {
  const spanned = <T>(operation: string, body: () => Promise<T>) =>
    traced(`online ${operation}`, { kind: 'client', attributes: { 'db.operation.name': operation } }, body);
  return {
    ...bound(store),
    get: (view, entity) => spanned('get', () => store.get(view, entity)),
    getMany: (view, entities) => spanned('getMany', () => store.getMany(view, entities)),
    write: (batch) => spanned('write', () => store.write(batch)),
  };
}

const ofTopic = (topic: string) => ({ 'messaging.system': 'kafka', 'messaging.destination.name': topic });

/** A record that says nothing of its trace says the active one's. */
function marked(record: LogRecord): LogRecord {
  const headers = record.headers?.[TRACEPARENT] === undefined ? tracedHeaders() : undefined;
  return headers === undefined ? record : { ...record, headers: { ...record.headers, ...headers } };
}

/** All methods of an adapter, whichever way it holds them, as a plain object's. */
function bound<T extends object>(adapter: T): T {
  const names = new Set<string>();
  for (let at: object | null = adapter; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name);
  return Object.fromEntries(
    [...names].map((name) => {
      const value = (adapter as Readonly<Record<string, unknown>>)[name];
      return [name, typeof value === 'function' ? value.bind(adapter) : value];
    }),
  ) as T;
}
