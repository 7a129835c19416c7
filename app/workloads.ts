import { actsOf } from './act-workloads.ts';
import { deadTopic, eventTopic, predictionTopic } from './ingestion/topics.ts';
import type { LAYERS } from './layers.ts';
import type { FeatureView } from './usecases/feature.ts';
import type { UseCase } from './usecases/usecase.ts';

/** One thing in one store that a workload touches. Topic ACLs, identities and network edges are derived from these. */
export type Access =
  | { readonly store: 'log'; readonly topic: string; readonly group?: string }
  | { readonly store: 'lake'; readonly table: string }
  | { readonly store: 'online'; readonly view: string }
  | { readonly store: 'objects'; readonly prefix: string }
  /** `nodes`: the cluster's own, at its API server. */
  | { readonly store: 'metadata' | 'audit' | 'keys' | 'nodes' };

export interface WorkloadDeclaration {
  /** Unique within a use case. */
  readonly name: string;
  readonly layer: (typeof LAYERS)[number];
  /** A service answers requests, a consumer follows a topic or the nodes, a schedule comes again, a job runs once. */
  readonly kind: 'service' | 'consumer' | 'schedule' | 'job';
  /** Arguments of `millrace` in the container; the use case is added by its setting. */
  readonly command: readonly string[];
  /** HTTP port, where it answers requests; health and metrics come on the same one. */
  readonly port?: number;
  /** Cron in UTC, where it is a schedule. */
  readonly schedule?: string;
  /** What it lags behind on, where it is a consumer. */
  readonly consumes?: readonly { readonly topic: string; readonly group: string }[];
  /** It never begins by itself: a person starts a run of it, with the words of an act after the command. */
  readonly byPerson?: true;
  /** Never two at a time: each would judge the whole by itself, and say so. @default as many as its load asks for */
  readonly single?: true;
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
  /** Where it takes files away; whoever only adds has no right to. @default nowhere */
  readonly deletes?: readonly Access[];
}

const HTTP = 8080;

/** Under which name a workload's positions are kept in the log, for those who watch its lag. */
export const groupOf = (usecase: UseCase, workload: string): string => `${usecase.name}.${workload}`;

/** Where a training keeps what it has done so far. */
export const checkpointPrefix = ({ model }: UseCase): string => `checkpoints/${model.name}/`;

const METADATA: Access = { store: 'metadata' };
const KEYS: Access = { store: 'keys' };
const AUDIT: Access = { store: 'audit' };

/**
 * What runs in a cluster for one use case, with all that it reads and writes and nothing else: a test runs each of them and
 * compares. Topics are made by who deploys; a workload only looks whether its own are there.
 */
export function workloadsOf(usecase: UseCase): readonly WorkloadDeclaration[] {
  const { label } = usecase.model;
  const events = usecase.events.map(({ name }) => name);
  const table = (name: string): Access => ({ store: 'lake', table: `${usecase.name}.${name}` });
  const view = (name: string): Access => ({ store: 'online', view: `${usecase.name}.${name}` });
  const topic = (name: string, group?: string): Access => ({
    store: 'log',
    topic: name,
    ...(group === undefined ? {} : { group: groupOf(usecase, group) }),
  });
  const topics = events.map((event) => eventTopic(usecase, event));
  const predictions = predictionTopic(usecase);
  const windowed = usecase.views.filter((one): one is FeatureView => one.kind === 'windowed');
  const learnt = usecase.views.filter(({ kind }) => kind === 'embedding').map(({ name }) => name);
  const sources = [...new Set(windowed.map(({ source }) => source.name))];
  const follow = (group: string, of: readonly string[]) => ({
    consumes: of.map((name) => ({ topic: name, group: groupOf(usecase, group) })),
    reads: of.map((name) => topic(name, group)),
  });
  const quarantine = (event: string): Access => table(`${event}_quarantine`);
  const seenEvents = events.flatMap((event) => [table(event), quarantine(event)]);
  const rows = [...seenEvents, table('prediction')];
  /** What the popular items are looked up in before there is a release. */
  const catalogue =
    usecase.kind === 'recommender'
      ? usecase.tables.filter(({ key }) => key === usecase.model.label.item).map(({ name }) => table(name))
      : [];
  const kept = [...rows, ...usecase.tables.map(({ name }) => table(name)), ...learnt.map(table)];
  const releases: Access = { store: 'objects', prefix: `releases/${usecase.model.name}/` };
  const checkpoint: Access = { store: 'objects', prefix: checkpointPrefix(usecase) };
  const profiles = events.map((event): Access => ({ store: 'objects', prefix: `profiles/${usecase.name}.${event}.json` }));
  const sinking = follow('sink', [...topics, predictions]);
  const streaming = follow(
    'materializer',
    sources.map((event) => eventTopic(usecase, event)),
  );
  /** What says how well the answers were. */
  const labels = (usecase.kind === 'classifier' ? [label.event, usecase.model.label.outcome] : [label.event]).map(
    ({ name }) => name,
  );
  const watching = follow('monitor', [predictions, ...labels.map((event) => eventTopic(usecase, event))]);
  /** Training says in its dataset's note what of the label's events is held back. */
  const examples = [...[...new Set([...labels, ...sources])].map(table), quarantine(label.event.name)];
  const judging = { layer: 'delivery', reads: [...examples, releases, METADATA, KEYS], writes: [METADATA, AUDIT] } as const;
  /** A candidate is held against the champion, whose vectors are in the lake. */
  const judged = [...judging.reads, ...learnt.map(table)];

  return [
    {
      name: 'collector',
      layer: 'ingestion',
      kind: 'service',
      command: ['ingestion', 'collect'],
      port: HTTP,
      // What a crash left out of its index of ids is read from the topics that it writes.
      reads: [...topics.map((name) => topic(name)), ...events.map((event) => topic(deadTopic(usecase, event))), KEYS],
      writes: [...topics.map((name) => topic(name)), ...events.map((event) => topic(deadTopic(usecase, event))), KEYS, AUDIT],
    },
    {
      name: 'sink',
      layer: 'lake',
      kind: 'consumer',
      command: ['lake', 'sink'],
      port: HTTP,
      consumes: sinking.consumes,
      reads: [...sinking.reads, ...rows, ...profiles],
      writes: rows,
    },
    {
      name: 'compact',
      layer: 'lake',
      kind: 'schedule',
      command: ['lake', 'compact'],
      schedule: '20 * * * *',
      reads: kept,
      writes: kept,
      deletes: kept,
    },
    {
      name: 'vacuum',
      layer: 'lake',
      kind: 'schedule',
      command: ['lake', 'vacuum'],
      schedule: '40 2 * * *',
      reads: kept,
      writes: kept,
      deletes: kept,
    },
    {
      name: 'materializer',
      layer: 'features',
      kind: 'consumer',
      command: ['features', 'stream'],
      port: HTTP,
      consumes: streaming.consumes,
      reads: [
        ...streaming.reads,
        ...sources.flatMap((event) => [table(event), quarantine(event)]),
        ...windowed.map(({ name }) => view(name)),
        KEYS,
      ],
      writes: windowed.map(({ name }) => view(name)),
    },
    {
      name: 'backfill',
      layer: 'features',
      kind: 'job',
      command: ['features', 'materialize'],
      reads: [...sources.flatMap((event) => [table(event), quarantine(event)]), ...windowed.map(({ name }) => view(name)), KEYS],
      writes: windowed.map(({ name }) => view(name)),
    },
    {
      name: 'retrain',
      layer: 'training',
      kind: 'schedule',
      command: ['training', 'run'],
      schedule: usecase.monitors.retrain.schedule,
      reads: [...examples, releases, checkpoint, METADATA, KEYS],
      writes: [...learnt.map(table), releases, checkpoint, METADATA, AUDIT],
      deletes: [checkpoint],
    },
    {
      name: 'retrain-on-drift',
      layer: 'training',
      kind: 'schedule',
      command: ['training', 'due', '--json'],
      schedule: '7-59/15 * * * *',
      reads: [table(label.event.name), METADATA],
      writes: [],
    },
    {
      name: 'sweep',
      layer: 'training',
      kind: 'schedule',
      command: ['training', 'sweep'],
      schedule: '50 5 * * *',
      reads: [releases, METADATA],
      writes: [],
      deletes: [releases],
    },
    { ...judging, name: 'gate', kind: 'job', command: ['delivery', 'gate'], reads: judged },
    { ...judging, name: 'robustness', kind: 'schedule', command: ['delivery', 'gate', '--champion'], schedule: '0 4 * * 1' },
    {
      name: 'serving',
      layer: 'serving',
      kind: 'service',
      command: ['serving', 'serve'],
      port: HTTP,
      reads: [
        ...usecase.views.map(({ name }) => view(name)),
        ...seenEvents,
        ...catalogue,
        table('prediction'),
        ...learnt.map(table),
        releases,
        METADATA,
        KEYS,
      ],
      // A release's vectors go online when it is loaded, and are dropped with it.
      writes: [topic(predictions), ...learnt.map(view), AUDIT],
    },
    {
      name: 'monitor',
      layer: 'monitoring',
      kind: 'consumer',
      command: ['monitoring', 'watch'],
      port: HTTP,
      consumes: watching.consumes,
      single: true,
      reads: [
        ...watching.reads,
        // What was served is compared with what the events say.
        ...sources.flatMap((event) => [table(event), quarantine(event)]),
        table('prediction'),
        releases,
        METADATA,
        KEYS,
      ],
      writes: [METADATA, AUDIT],
    },
    ...actsOf(usecase),
  ];
}
