import { deadTopic, eventTopic, predictionTopic } from './ingestion/topics.ts';
import type { DATA_LAYERS } from './layers.ts';
import type { FeatureView } from './usecases/feature.ts';
import type { UseCase } from './usecases/usecase.ts';

/** One thing in one store that a workload touches. Topic ACLs, identities and network edges are derived from these. */
export type Access =
  | { readonly store: 'log'; readonly topic: string; readonly group?: string }
  | { readonly store: 'lake'; readonly table: string }
  | { readonly store: 'online'; readonly view: string }
  | { readonly store: 'objects'; readonly prefix: string }
  | { readonly store: 'metadata' | 'audit' | 'keys' };

export interface WorkloadDeclaration {
  /** Unique within a use case. */
  readonly name: string;
  readonly layer: (typeof DATA_LAYERS)[number];
  /** A service answers requests, a consumer follows a topic, a schedule comes again, a job runs once. */
  readonly kind: 'service' | 'consumer' | 'schedule' | 'job';
  /** Arguments of `millrace` in the container; the use case is added by its setting. */
  readonly command: readonly string[];
  /** HTTP port, where it answers requests; health and metrics come on the same one. */
  readonly port?: number;
  /** Cron in UTC, where it is a schedule. */
  readonly schedule?: string;
  /** What it lags behind on, where it is a consumer. */
  readonly consumes?: readonly { readonly topic: string; readonly group: string }[];
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

const HTTP = 8080;

/** What runs in a cluster for one use case, with all that it reads and writes. */
export function workloadsOf(usecase: UseCase): readonly WorkloadDeclaration[] {
  const events = usecase.events.map(({ name }) => name);
  const table = (name: string): Access => ({ store: 'lake', table: `${usecase.name}.${name}` });
  const topics = events.map((event) => eventTopic(usecase, event));
  const predictions = predictionTopic(usecase);
  const windowed = usecase.views.filter((view): view is FeatureView => view.kind === 'windowed');
  const learnt = usecase.views.filter(({ kind }) => kind === 'embedding');
  const follow = (group: string, of: readonly string[]): Access[] =>
    of.map((topic) => ({ store: 'log', topic, group: `${usecase.name}.${group}` }));
  const consumes = (group: string, of: readonly string[]) => of.map((topic) => ({ topic, group: `${usecase.name}.${group}` }));
  const rows = [...events.flatMap((event) => [table(event), table(`${event}_quarantine`)]), table('prediction')];
  const learntTables = learnt.map(({ name }) => table(name));
  const views = usecase.views.map(({ name }): Access => ({ store: 'online', view: `${usecase.name}.${name}` }));
  const releases: Access = { store: 'objects', prefix: `releases/${usecase.model.name}/` };
  const metadata: Access = { store: 'metadata' };
  const keys: Access = { store: 'keys' };
  const audit: Access = { store: 'audit' };

  return [
    {
      name: 'collector',
      layer: 'ingestion',
      kind: 'service',
      command: ['ingestion', 'collect'],
      port: HTTP,
      reads: [keys],
      writes: [
        ...topics.map((topic): Access => ({ store: 'log', topic })),
        ...events.map((event): Access => ({ store: 'log', topic: deadTopic(usecase, event) })),
        keys,
      ],
    },
    {
      name: 'sink',
      layer: 'lake',
      kind: 'consumer',
      command: ['lake', 'sink'],
      port: HTTP,
      consumes: consumes('sink', [...topics, predictions]),
      reads: [...follow('sink', [...topics, predictions]), ...rows],
      writes: rows,
    },
    {
      name: 'compact',
      layer: 'lake',
      kind: 'schedule',
      command: ['lake', 'compact'],
      schedule: '20 * * * *',
      reads: rows,
      writes: rows,
    },
    {
      name: 'vacuum',
      layer: 'lake',
      kind: 'schedule',
      command: ['lake', 'vacuum'],
      schedule: '40 2 * * *',
      reads: rows,
      writes: rows,
    },
    {
      name: 'materializer',
      layer: 'features',
      kind: 'consumer',
      command: ['features', 'stream'],
      port: HTTP,
      consumes: consumes('materializer', topics),
      reads: [...follow('materializer', topics), ...windowed.map(({ source }) => table(source.name)), ...learntTables, metadata],
      writes: views,
    },
    {
      name: 'backfill',
      layer: 'features',
      kind: 'job',
      command: ['features', 'materialize'],
      reads: windowed.map(({ source }) => table(source.name)),
      writes: windowed.map(({ name }): Access => ({ store: 'online', view: `${usecase.name}.${name}` })),
    },
    {
      name: 'retrain',
      layer: 'training',
      kind: 'schedule',
      command: ['training', 'run'],
      schedule: usecase.monitors.retrain.schedule,
      reads: [...events.map(table), ...usecase.tables.map(({ name }) => table(name)), keys],
      writes: [releases, ...learntTables, metadata, audit],
    },
    {
      name: 'gate',
      layer: 'delivery',
      kind: 'job',
      command: ['delivery', 'gate'],
      reads: [releases, ...events.map(table), ...learntTables, metadata, keys],
      writes: [metadata, audit],
    },
    {
      name: 'serving',
      layer: 'serving',
      kind: 'service',
      command: ['serving', 'serve'],
      port: HTTP,
      reads: [...views, releases, metadata, keys],
      writes: [{ store: 'log', topic: predictions }],
    },
    {
      name: 'monitor',
      layer: 'monitoring',
      kind: 'consumer',
      command: ['monitoring', 'watch'],
      port: HTTP,
      consumes: consumes('monitor', [predictions, ...topics]),
      reads: [...follow('monitor', [predictions, ...topics]), releases, metadata],
      writes: [metadata, audit],
    },
  ];
}
