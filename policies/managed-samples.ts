/** The same good data with its topics on MSK. */
import { DATA } from '../app/usecases/data-annotations.ts';
import { TAGS } from './cloud-samples.ts';
import { data, ERASURE, withDocument } from './data-samples.ts';
import type { Resource } from './rule.ts';
import { aws, kubernetes, labelsFor } from './samples.ts';

type Values = Readonly<Record<string, unknown>>;

const onKafka = data.filter(({ type }) => type.endsWith(':KafkaTopic'));
const words = (topic: Resource): Values => (topic.props['metadata'] as { readonly annotations: Values }).annotations;
const spec = (topic: Resource) => topic.props['spec'] as { readonly config: Values; readonly replicas: number };

const topics = onKafka.map((topic) =>
  aws('msk/topic:Topic', topic.name, {
    name: topic.name,
    replicationFactor: spec(topic).replicas,
    configs: JSON.stringify(spec(topic).config),
    tags: TAGS,
  }),
);

const manifest = kubernetes('core/v1:ConfigMap', 'retail-topics', {
  metadata: {
    namespace: 'millrace-ingestion',
    labels: { ...labelsFor({ name: 'manifests', layer: 'ingestion', usecase: 'retail' }), [DATA.manifest]: 'topics' },
  },
  data: Object.fromEntries(onKafka.map((topic) => [`${topic.name}.json`, JSON.stringify(words(topic))])),
});

const readsOf: Readonly<Record<string, string>> = { sink: 'log:retail.click,log:retail.prediction' };

const reading = (resource: Resource): Resource => {
  const reads = readsOf[resource.name];
  const metadata = resource.props['metadata'] as { readonly annotations?: Values };
  if (reads === undefined) return resource;
  return {
    ...resource,
    props: { ...resource.props, metadata: { ...metadata, annotations: { ...metadata.annotations, [DATA.reads]: reads } } },
  };
};

const erasure = { ...ERASURE, stores: ERASURE.stores.map((store) => ({ ...store, kind: 'Topic' })) };

export const managed: readonly Resource[] = [
  ...withDocument(
    data.filter(({ type }) => !/:Kafka(Topic|User)$/.test(type)),
    'retail-erasure',
    'erasure.json',
    erasure,
  ).map(reading),
  ...topics,
  manifest,
];

/** A topic of MSK that says something else; `undefined` takes the word away. */
export const managedSaying = (topic: string, key: string, value: string | undefined): readonly Resource[] => {
  const before = onKafka.find(({ name }) => name === topic);
  const said = { ...(before === undefined ? {} : words(before)), [key]: value };
  return withDocument(managed, 'retail-topics', `${topic}.json`, said);
};
