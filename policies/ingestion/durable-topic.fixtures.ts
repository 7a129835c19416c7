import { alteredIn } from '../alteration.ts';
import { data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { managed } from '../managed-samples.ts';
import { aws, kubernetes } from '../samples.ts';

const topic = (path: readonly string[], value: unknown) => alteredIn(data, 'retail.click', [['spec', ...path], value]);

const BROKERS = { 'default.replication.factor': 3, 'offsets.topic.replication.factor': 3, 'min.insync.replicas': 2 };
const brokers = (config: Readonly<Record<string, unknown>>) =>
  [
    kubernetes('kafka.strimzi.io/v1:Kafka', 'millrace', {
      metadata: { namespace: 'millrace-ingestion' },
      spec: {
        kafka: {
          listeners: [{ name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } }],
          authorization: { type: 'simple' },
          config: { 'auto.create.topics.enable': 'false', ...config },
        },
      },
    }),
  ].map((kafka) => ({ ...kafka, protect: true }));

const PROPERTIES = [
  'auto.create.topics.enable=false',
  'allow.everyone.if.no.acl.found=false',
  'default.replication.factor=3',
  'min.insync.replicas=2',
  'unclean.leader.election.enable=false',
];
const msk = (properties: readonly string[]) => [
  aws('msk/configuration:Configuration', 'brokers', { kafkaVersions: ['4.0.x.kraft'], serverProperties: properties.join('\n') }),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'topics of MSK', resources: managed },
    { title: 'three copies, two in sync', resources: data },
    { title: 'a setting that is no text', resources: topic(['config', 'unclean.leader.election.enable'], false) },
    { title: 'one copy in dev', environment: 'dev', resources: topic(['replicas'], 1) },
    { title: 'brokers with these defaults', resources: brokers(BROKERS) },
    { title: 'brokers of MSK with these defaults', resources: msk(PROPERTIES) },
  ],
  violating: [
    { title: 'a topic of MSK with one copy', resources: alteredIn(managed, 'retail.click', [['replicationFactor'], 1]) },
    { title: 'two copies', resources: topic(['replicas'], 2) },
    { title: 'one in sync', resources: topic(['config', 'min.insync.replicas'], '1') },
    { title: 'as many in sync as copies', resources: topic(['config', 'min.insync.replicas'], 3) },
    { title: 'an unclean election', resources: topic(['config', 'unclean.leader.election.enable'], true) },
    { title: 'nothing said of elections', resources: topic(['config', 'unclean.leader.election.enable'], undefined) },
    { title: 'brokers that make topics of one copy', resources: brokers({ ...BROKERS, 'default.replication.factor': 1 }) },
    { title: 'brokers that elect unclean leaders', resources: brokers({ ...BROKERS, 'unclean.leader.election.enable': true }) },
    {
      title: 'MSK with one in sync',
      resources: msk(PROPERTIES.map((line) => line.replace('insync.replicas=2', 'insync.replicas=1'))),
    },
  ],
};
