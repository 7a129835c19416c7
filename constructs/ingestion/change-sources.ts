import { classOf } from '../../app/usecases/manifests.ts';
import type { DatabaseSource, UseCase } from '../../app/usecases/usecase.ts';
import { type WorkloadDeclaration, workloadsOf } from '../../app/workloads.ts';
import { stackError } from '../errors.ts';
import { CLOUD_STORE, type Credential, cloudName } from '../governance/credentials.ts';
import { type Endpoint, PLATFORM, type Site } from '../site.ts';

/** A Postgres whose changes are followed: what the definition says of it, and where this environment has it. */
export interface ChangeSource {
  readonly name: string;
  readonly usecase: string;
  readonly database: Endpoint & { readonly database: string };
  /**
   * `schema.table`, each with a primary key. A change is written as it is: a table with personal data goes through the door, as
   * events, and not through here.
   */
  readonly tables: readonly { readonly name: string; readonly dataClass: string }[];
  /** `username`, `password` and `ca.crt`; the user has REPLICATION, and SELECT on the tables. */
  readonly login: Omit<Credential, 'opens'>;
  /** Kafka Connect with Debezium's Postgres connector in it, by digest, on Strimzi's own base image. */
  readonly image: string;
}

/** What its objects are called. */
export const connectName = ({ usecase, name }: Pick<ChangeSource, 'usecase' | 'name'>): string => `${usecase}-${name}`;

/** The databases that a use case follows. @throws MR_STACK_DATABASE where this environment does not say where one is */
export const changeSourcesOf = (site: Site, usecase: UseCase): readonly ChangeSource[] =>
  usecase.sources
    .filter((source): source is DatabaseSource => source.kind === 'database')
    .map((source) => changeSourceOf(site, usecase, source));

function changeSourceOf(site: Site, usecase: UseCase, { name, tables }: DatabaseSource): ChangeSource {
  const { changeCapture, environment, target } = site.dials;
  if (workloadsOf(usecase).some((workload) => workload.name === name))
    throw stackError('MR_STACK_COLLISION', `${usecase.name} has a workload '${name}', and a database of that name`, {
      field: 'sources.name',
      value: name,
      expected: 'a name that no workload of the use case has',
    });
  const called = connectName({ usecase: usecase.name, name });
  const at = changeCapture?.databases[called];
  if (changeCapture === undefined || at === undefined)
    throw stackError(
      'MR_STACK_DATABASE',
      `${usecase.name} follows the database '${name}', and ${environment} does not say where it is`,
      {
        field: `millrace:changeCapture.databases.${called}`,
        value: undefined,
        expected: 'host, port, database and either namespace with labels or ranges, beside changeCapture.image',
      },
    );
  const key = target === 'aws' ? cloudName(site, `database-${called}`) : `${PLATFORM}/${environment}/databases/${called}`;
  const property = (file: string) => [file, { key, property: file }];
  return {
    name,
    usecase: usecase.name,
    image: changeCapture.image,
    database: {
      name: 'database',
      host: at.host,
      port: at.port,
      database: at.database,
      ...(at.namespace !== undefined && { pods: { namespace: at.namespace, labels: at.labels ?? {} } }),
      ...(at.ranges !== undefined && { ranges: at.ranges }),
    },
    tables: tables.map(({ from, into }) => ({
      name: from,
      dataClass: classOf(usecase.tables.find((table) => table.name === into)?.fields ?? {}),
    })),
    login: {
      secret: `${called}-database`,
      store: at.secretStore ?? CLOUD_STORE,
      files: Object.fromEntries(['username', 'password', 'ca.crt'].map(property)),
    },
  };
}

/** What a connector writes: a topic for each table, its heartbeat, and those that hold its own state. */
export function changeTopicNames(
  source: Pick<ChangeSource, 'usecase' | 'name' | 'tables'>,
): Record<'tables' | 'state', readonly string[]> & { readonly heartbeat: string } {
  const prefix = topicPrefix(source);
  return {
    tables: source.tables.map(({ name }) => `${prefix}.${name}`),
    heartbeat: `${heartbeatPrefix(source)}.${prefix}`,
    state: ['config', 'offset', 'status'].map((part) => `${prefix}.connect-${part}`),
  };
}

type Prefixed = Pick<ChangeSource, 'usecase' | 'name'>;
export const topicPrefix = ({ usecase, name }: Prefixed): string => `${usecase}.${name}`;
export const heartbeatPrefix = ({ usecase }: Prefixed): string => `${usecase}.heartbeat`;

/** The group of Connect's own workers. */
export const connectGroup = ({ usecase, name }: Prefixed): string => `${usecase}.${name}`;

/** The connector as a principal: it writes its tables' topics, keeps its state, and is one member of its own group. */
export function connectorDeclaration(source: ChangeSource): WorkloadDeclaration {
  const { tables, heartbeat, state } = changeTopicNames(source);
  const access = (topic: string) => ({ store: 'log', topic }) as const;
  const group = connectGroup(source);
  return {
    name: source.name,
    layer: 'ingestion',
    kind: 'consumer',
    command: [],
    reads: state.map((topic) => ({ ...access(topic), group })),
    writes: [...tables, heartbeat, ...state].map(access),
  };
}

/** A connector as AWS knows it: by the account that Strimzi makes for its pods. */
export interface Connector {
  readonly declaration: WorkloadDeclaration;
  readonly serviceAccount: string;
}

export const connectorsOf = (site: Site, usecase: UseCase): readonly Connector[] =>
  changeSourcesOf(site, usecase).map((source) => ({
    declaration: connectorDeclaration(source),
    serviceAccount: `${connectName(source)}-connect`,
  }));
