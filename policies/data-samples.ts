/** The data of one good use case: topics, schemas, manifests, and the workloads that write, keep and read them. */
import { DATA } from '../app/usecases/data-annotations.ts';
import { MODEL_ENVIRONMENT } from '../app/usecases/model-annotations.ts';
import type { Resource } from './rule.ts';
import { container, kubernetes, labelsFor, type Workload, workload } from './samples.ts';

type Values = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

export const of = (name: string, layer: string): Workload => ({ name, layer, usecase: 'retail' });
export const env = (settings: Texts): readonly Values[] => Object.entries(settings).map(([name, value]) => ({ name, value }));

export const ACTIVITY_HASH = 'c'.repeat(64);
export const TASTE_HASH = 'e'.repeat(64);
export const VIEWS = `user_activity=${ACTIVITY_HASH},user_taste=${TASTE_HASH}`;
const CAPS = 'user=600,session=600,address=6000';

const topic = (name: string, annotations: Texts): Resource =>
  kubernetes('kafka.strimzi.io/v1:KafkaTopic', name, {
    metadata: {
      namespace: 'millrace-ingestion',
      labels: { ...labelsFor(of('topics', 'ingestion')), 'strimzi.io/cluster': 'millrace' },
      annotations,
    },
    spec: {
      topicName: name,
      partitions: 3,
      replicas: 3,
      config: { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false', 'retention.ms': '604800000' },
    },
  });

const personal: Texts = {
  [DATA.dataClass]: 'pii',
  [DATA.piiFields]: 'address,user_id',
  [DATA.keyRef]: 'ExternalSecret/keyring',
  [DATA.retention]: '400d',
};

const manifest = (sort: string, documents: Readonly<Record<string, unknown>>): Resource =>
  kubernetes('core/v1:ConfigMap', `retail-${sort}`, {
    metadata: { namespace: 'millrace-ingestion', labels: { ...labelsFor(of('manifests', 'ingestion')), [DATA.manifest]: sort } },
    data: Object.fromEntries(Object.entries(documents).map(([key, document]) => [key, JSON.stringify(document)])),
  });

const field = (dataClass: string, more: Values = {}) => ({ type: 'string', 'x-millrace-class': dataClass, ...more });

export const SCHEMA = {
  type: 'object',
  properties: {
    event_id: field('internal'),
    user_id: field('pii', { 'x-millrace-subject': true }),
    item_id: field('public'),
    address: field('pii'),
    postcode: field('internal', { 'x-millrace-proxy': true }),
    health: field('sensitive'),
    event_time: field('internal'),
  },
};

const entity = { owner: 'shop-ml', entity: 'user', joinKey: 'user_id' };
export const ACTIVITY = {
  ...entity,
  ...{ name: 'user_activity', kind: 'windowed', eventTime: 'event_time', ttl: '30d', hash: ACTIVITY_HASH, source: 'click.json' },
  features: { recent_items: ['item_id'], events_30d: [] },
};
export const TASTE = {
  ...entity,
  ...{ name: 'user_taste', kind: 'embedding', eventTime: '_learnt_at', ttl: '7d', hash: TASTE_HASH, minSupport: 3 },
  features: { taste: [] },
};

const store = (name: string, outcome = 'unreadable', kind = 'KafkaTopic') => ({ kind, name, outcome });
export const ERASURE = {
  stores: [store('retail.click'), store('retail.click.dead', 'ages out'), store('retail.prediction')],
  exempt: [] as readonly Values[],
};

export const acl = (type: string, name: string, ...operations: readonly string[]) => ({
  type: 'allow',
  resource: { type, name, patternType: 'literal' },
  operations,
  host: '*',
});

const user = (name: string, acls: readonly Values[], grants?: string): Resource =>
  kubernetes('kafka.strimzi.io/v1:KafkaUser', name, {
    metadata: {
      namespace: 'millrace-ingestion',
      labels: { ...labelsFor(of('users', 'ingestion')), ...(grants !== undefined && { 'millrace.dev/grants': grants }) },
    },
    spec: { authentication: { type: 'scram-sha-512' }, authorization: { type: 'simple', acls } },
  });

const mounting = (secretName: string, more: Values) => ({
  containers: [container(more)],
  volumes: [{ name: 'log', secret: { secretName } }],
});

const ROWS = 'lake:retail.click,lake:retail.click_quarantine,lake:retail.prediction';

export const collector = workload(
  'Deployment',
  of('collector', 'ingestion'),
  mounting('retail-collector', { args: ['ingestion', 'collect'], env: env({ [MODEL_ENVIRONMENT.rateCaps]: CAPS }) }),
  { [DATA.writes]: 'keys,log:retail.click,log:retail.click.dead', [DATA.rateCaps]: CAPS },
);

/** All of it; each resource is found by its name. */
export const data: readonly Resource[] = [
  topic('retail.click', {
    [DATA.role]: 'event',
    ...personal,
    [DATA.schema]: 'retail-schemas/click.json',
    [DATA.compatibility]: 'BACKWARD',
    [DATA.deadLetter]: 'retail.click.dead',
  }),
  topic('retail.click.dead', { [DATA.role]: 'dead-letter', ...personal }),
  topic('retail.prediction', { [DATA.role]: 'prediction', ...personal, [DATA.piiFields]: 'user_id' }),
  manifest('schemas', { 'click.json': SCHEMA }),
  manifest('feature-views', { 'user_activity.json': ACTIVITY, 'user_taste.json': TASTE }),
  manifest('erasure', { 'erasure.json': ERASURE }),
  kubernetes('external-secrets.io/v1:ExternalSecret', 'keyring', { metadata: { namespace: 'millrace-governance' } }),
  user('retail-collector', [acl('topic', 'retail.click', 'Describe', 'Write')], 'write-data'),
  user('retail-sink', [acl('topic', 'retail.click', 'Describe', 'Read'), acl('group', 'retail.sink', 'Read')]),
  collector,
  workload('Deployment', of('sink', 'lake'), mounting('retail-sink', { args: ['lake', 'sink'] }), { [DATA.writes]: ROWS }),
  workload(
    'CronJob',
    of('vacuum', 'lake'),
    { containers: [container({ args: ['lake', 'vacuum', '--retention', '400d'] })] },
    { [DATA.retention]: '400d', [DATA.writes]: ROWS },
  ),
  workload(
    'Deployment',
    of('materializer', 'features'),
    { containers: [container({ args: ['features', 'stream'] })] },
    {
      [DATA.featureViews]: VIEWS,
      [DATA.writes]: 'online:retail.user_activity',
    },
  ),
];

/** The manifest with another document under a key. */
export const withDocument = (stack: readonly Resource[], name: string, key: string, document: unknown): readonly Resource[] =>
  stack.map((resource) =>
    resource.name === name
      ? {
          ...resource,
          props: { ...resource.props, data: { ...(resource.props['data'] as Texts), [key]: JSON.stringify(document) } },
        }
      : resource,
  );
