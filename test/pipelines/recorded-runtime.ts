import type { KyselyPlugin } from 'kysely';
import type { Lake } from '../../app/lake/port.ts';
import type { Ports, Runtime } from '../../app/runtime.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Access, WorkloadDeclaration } from '../../app/workloads.ts';

/** What was done to the stores: `log retail.click`, `lake retail.click`, `group retail.sink retail.click`, `metadata`, … */
export interface Recorded {
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  readonly deletes: Set<string>;
  /** Topics that were looked for; nothing in them was read or written. */
  readonly looked: Set<string>;
}

/** The same ports, with every call noted by the thing in the store that it touches. */
export function recordedRuntime(
  usecase: UseCase,
  inner: Runtime,
  replace: Partial<Ports> = {},
): { readonly runtime: Runtime; readonly recorded: Recorded } {
  const recorded: Recorded = { reads: new Set(), writes: new Set(), deletes: new Set(), looked: new Set() };
  const wrap: { readonly [Name in keyof Ports]: (port: Ports[Name]) => Ports[Name] } = {
    log: (log) =>
      noting(log, {
        ensureTopic: ({ name }) => recorded.looked.add(`log ${name}`),
        append: (topic) => recorded.writes.add(`log ${topic}`),
        read: (topic) => recorded.reads.add(`log ${topic}`),
        endOffsets: (topic) => recorded.reads.add(`log ${topic}`),
        waitForMore: (topic) => recorded.reads.add(`log ${topic}`),
        committed: (group, topic) => recorded.reads.add(`group ${group} ${topic}`),
        commit: (group, topic) => recorded.reads.add(`group ${group} ${topic}`),
        join: (group, topics) => topics.map((topic) => recorded.reads.add(`group ${group} ${topic}`)),
      }),
    lake: (lake) => {
      const read = (table: string) => recorded.reads.add(`lake ${table}`);
      const write = (table: string) => recorded.writes.add(`lake ${table}`);
      const care = (table: string) => [read(table), write(table), recorded.deletes.add(`lake ${table}`)];
      return noting<Lake>(lake, {
        ensureTable: ({ name }) => write(name),
        stage: write,
        commit: write,
        tables: () => recorded.reads.add('lake of all'),
        has: read,
        snapshot: read,
        history: read,
        compact: care,
        vacuum: care,
        query: (sql) => tablesIn(usecase, sql).map(read),
        stream: (sql) => tablesIn(usecase, sql).map(read),
      });
    },
    online: (online) => {
      const nameOf = (name: string): string => `online ${usecase.name}.${name.replace(/^features\//, '').split('@')[0]}`;
      const read = (name: string) => recorded.reads.add(nameOf(name));
      return noting(online, {
        get: read,
        getMany: read,
        count: read,
        // Any other consumer name is a look whether the store answers.
        offsets: (consumer) => (consumer.startsWith('features/') ? read(consumer) : undefined),
        erase: () => usecase.views.map(({ name }) => recorded.writes.add(nameOf(name))),
        drop: (view) => recorded.writes.add(nameOf(view)),
        write: ({ rows, offsets }) => {
          const names = [...rows.map(({ view }) => view), ...(offsets === undefined ? [] : [offsets.consumer])];
          for (const name of names) recorded.writes.add(nameOf(name));
        },
      });
    },
    objects: (objects) => {
      const read = (key: string) => recorded.reads.add(`objects ${key}`);
      const write = (key: string) => recorded.writes.add(`objects ${key}`);
      const remove = (key: string) => recorded.deletes.add(`objects ${key}`);
      return noting(objects, {
        get: read,
        getFile: read,
        has: read,
        list: read,
        put: write,
        putFile: write,
        putIfAbsent: write,
        delete: remove,
      });
    },
    metadata: (metadata) => ({ ...metadata, db: metadata.db.withPlugin(notingStatements(recorded)) }),
    audit: (audit) => {
      const read = () => recorded.reads.add('audit');
      return noting(audit, { append: () => recorded.writes.add('audit'), read, size: read, verify: read });
    },
    keys: (keys) => {
      const read = () => recorded.reads.add('keys');
      const write = () => recorded.writes.add('keys');
      return noting(keys, {
        ...{ known: read, byPseudonym: read, erased: read, sign: read, verify: read, verifyKey: read, secret: read },
        ...{ subject: write, prepare: write, erase: write },
      });
    },
  };
  const runtime: Runtime = {
    ...inner,
    use: async (name) => wrap[name](replace[name] ?? (await inner.use(name))),
    close: async () => undefined,
  };
  return { runtime, recorded };
}

type Notes<Port> = {
  readonly [Name in keyof Port]?: Port[Name] extends (...args: infer Args) => unknown ? (...args: Args) => unknown : never;
};

/** Calls go through to the port as before, each noted first. */
function noting<Port extends object>(port: Port, notes: Notes<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const note = (notes as Readonly<Record<string | symbol, ((...args: unknown[]) => unknown) | undefined>>)[name];
      return (...args: unknown[]) => {
        note?.(...args);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

const notingStatements = ({ reads, writes }: Recorded): KyselyPlugin => ({
  transformQuery({ node }) {
    (node.kind === 'SelectQueryNode' ? reads : writes).add('metadata');
    return node;
  },
  transformResult: async ({ result }) => result,
});

/** Tables of the use case that a statement names, quoted or not. */
function tablesIn(usecase: UseCase, sql: string): readonly string[] {
  const named = new RegExp(`"?\\b${usecase.name}"?\\."?(\\w+)"?`, 'g');
  return [...sql.matchAll(named)].map(([, table]) => `${usecase.name}.${table}`);
}

const words = (access: Access): readonly string[] => {
  switch (access.store) {
    case 'log':
      return [`log ${access.topic}`, ...(access.group === undefined ? [] : [`group ${access.group} ${access.topic}`])];
    case 'lake':
      return [`lake ${access.table}`];
    case 'online':
      return [`online ${access.view}`];
    case 'objects':
      return [`objects ${access.prefix}`];
    default:
      return [access.store];
  }
};

/** Where what a workload did and what it declares differ: `reads log retail.click, undeclared`. Empty where they agree. */
export function differences(
  { reads, writes, deletes = [] }: Pick<WorkloadDeclaration, 'reads' | 'writes' | 'deletes'>,
  recorded: Recorded,
): readonly string[] {
  const covers = (declared: string, used: string) =>
    declared.startsWith('objects ') ? used.startsWith(declared) : used === declared;
  const compare = (kind: 'reads' | 'writes' | 'deletes', declared: readonly string[]) => [
    ...[...recorded[kind]]
      .filter((used) => !declared.some((one) => covers(one, used)))
      .map((used) => `${kind} ${used}, undeclared`),
    ...declared
      .filter((one) => ![...recorded[kind]].some((used) => covers(one, used)))
      .map((one) => `${kind} ${one} never, but declared`),
  ];
  const topics = [...reads, ...writes].flatMap(words);
  return [
    ...compare('reads', reads.flatMap(words)),
    ...compare('writes', writes.flatMap(words)),
    ...compare('deletes', deletes.flatMap(words)),
    ...[...recorded.looked].filter((topic) => !topics.includes(topic)).map((topic) => `looks for ${topic}, undeclared`),
  ];
}
