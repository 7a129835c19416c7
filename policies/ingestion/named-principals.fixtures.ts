import { alteredIn } from '../alteration.ts';
import { acl, data } from '../data-samples.ts';
import type { Fixtures } from '../fixture.ts';
import { aws, container, EXPORTER, kubernetes, workload } from '../samples.ts';

const acls = (...entries: readonly unknown[]) =>
  alteredIn(data, 'retail-collector', [['spec', 'authorization', 'acls'], entries]);
const user = (path: readonly string[], value: unknown) => alteredIn(data, 'retail-collector', [['spec', ...path], value]);

const LISTENER = { name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'scram-sha-512' } };
const CONFIG = {
  'auto.create.topics.enable': 'false',
  'default.replication.factor': 3,
  'offsets.topic.replication.factor': 3,
  'min.insync.replicas': 2,
};
const kafka = (change: Readonly<Record<string, unknown>>) =>
  [
    kubernetes('kafka.strimzi.io/v1:Kafka', 'millrace', {
      metadata: { namespace: 'millrace-ingestion' },
      spec: { kafka: { listeners: [LISTENER], authorization: { type: 'simple' }, config: CONFIG, ...change } },
    }),
  ].map((resource) => ({ ...resource, protect: true }));

const broker = (name: string, value: string) => [
  workload('Deployment', EXPORTER, { containers: [container({ env: [{ name, value }] })] }),
];
const PROTOCOLS = 'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP';
const PROPERTIES = 'default.replication.factor=3\nmin.insync.replicas=2\nunclean.leader.election.enable=false';
const msk = (properties: string) => [
  aws('msk/configuration:Configuration', 'brokers', { serverProperties: `${PROPERTIES}\n${properties}` }),
];

export const fixtures: Fixtures = {
  passing: [
    { title: 'users by name', resources: data },
    { title: 'brokers that let in by name', resources: kafka({}) },
    {
      title: 'a prefix of a use case',
      resources: acls({
        ...acl('topic', 'retail.', 'Describe'),
        resource: { type: 'topic', name: 'retail.', patternType: 'prefix' },
      }),
    },
    { title: 'a broker by itself over TLS', resources: broker(PROTOCOLS, 'CLIENT:SASL_SSL,CONTROLLER:SSL') },
    { title: 'MSK', resources: msk('auto.create.topics.enable=false\nallow.everyone.if.no.acl.found=false') },
  ],
  violating: [
    { title: 'every topic', resources: acls(acl('topic', '*', 'Describe')) },
    {
      title: 'every topic by a prefix',
      resources: acls({ ...acl('topic', 'r', 'Describe'), resource: { type: 'topic', name: 'r', patternType: 'prefix' } }),
    },
    { title: 'every operation', resources: acls(acl('topic', 'retail.item', 'All')) },
    { title: 'no operation named', resources: acls({ ...acl('topic', 'retail.item'), operations: undefined }) },
    { title: 'a user without authentication', resources: user(['authentication'], undefined) },
    { title: 'a user without authorization', resources: user(['authorization'], undefined) },
    { title: 'a plain listener', resources: kafka({ listeners: [LISTENER, { ...LISTENER, name: 'plain', tls: false }] }) },
    { title: 'a listener for anyone', resources: kafka({ listeners: [{ ...LISTENER, authentication: undefined }] }) },
    { title: 'brokers without authorization', resources: kafka({ authorization: undefined }) },
    { title: 'topics made on the fly', resources: kafka({ config: { ...CONFIG, 'auto.create.topics.enable': true } }) },
    {
      title: 'nothing said of topics made on the fly',
      resources: kafka({ config: { ...CONFIG, 'auto.create.topics.enable': undefined } }),
    },
    {
      title: 'everyone where no list stands',
      resources: kafka({ config: { ...CONFIG, 'allow.everyone.if.no.acl.found': 'true' } }),
    },
    { title: 'a broker by itself in plain text', resources: broker(PROTOCOLS, 'CLIENT:PLAINTEXT,CONTROLLER:SSL') },
    { title: 'a broker by itself that makes topics', resources: broker('KAFKA_AUTO_CREATE_TOPICS_ENABLE', 'true') },
    { title: 'MSK that makes topics', resources: msk('allow.everyone.if.no.acl.found=false') },
  ],
};
