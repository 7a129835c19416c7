import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retail } from '../../app/usecases/retail/usecase.ts';
import { platformChart, useCaseChart } from '../../constructs/ingestion/charts.ts';
import { manifests, named, ofKind, site, type Variant } from './site.ts';

const platform = (variant?: Variant) => manifests((app) => platformChart(app, site(variant)));
const usecase = (variant?: Variant) => manifests((app) => useCaseChart(app, site(variant), retail));
const SINGLE = {
  environment: 'dev',
  dials: { providers: { log: 'single', online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'none', nodes: 'existing' } },
} as const;

test('one broker for a laptop’s cluster speaks TLS, knows a password, and shows it in no argument and no setting', () => {
  const objects = platform(SINGLE);
  const properties: string = named(objects, 'ConfigMap', 'kafka-start').data['server.properties'];
  assert.match(properties, /^listener\.security\.protocol\.map=TLS:SASL_SSL,CONTROLLER:SSL$/m);
  assert.match(properties, /^auto\.create\.topics\.enable=false$/m);
  const { replicas, template } = named(objects, 'StatefulSet', 'kafka').spec;
  assert.equal(replicas, 1);
  assert.deepEqual(template.spec.containers[0].args, undefined);
  assert.ok(!JSON.stringify(template.spec.containers[0].env).includes('password'));
});

test('a single broker’s topics are made by a run that lists those of Strimzi, and is made anew when the list changes', () => {
  const objects = usecase(SINGLE);
  const listed = (named(objects, 'ConfigMap', 'retail-topics-list').data.topics as string).trim().split('\n');
  const expected = ofKind(
    usecase({ environment: 'dev', dials: { ...SINGLE.dials, providers: { ...SINGLE.dials.providers, log: 'strimzi' } } }),
    'KafkaTopic',
  );
  assert.deepEqual(
    listed
      .map((line) => line.split(' '))
      .map(([name, partitions, replicas, config = '']) => ({
        ...{ topicName: name, partitions: Number(partitions), replicas: Number(replicas) },
        config: Object.fromEntries(config.split(',').map((entry) => entry.split('='))),
      })),
    expected.map(({ spec }) => spec).sort((a, b) => (a.topicName < b.topicName ? -1 : 1)),
  );
  const name = (definition: typeof retail) => {
    const [job] = ofKind(
      manifests((app) => useCaseChart(app, site({ ...SINGLE, usecases: [definition] }), definition)),
      'Job',
    );
    return job?.metadata.name;
  };
  assert.match(name(retail) ?? '', /^retail-topics-[0-9a-f]{10}$/);
  assert.equal(name(retail), name({ ...retail }));
  assert.notEqual(name(retail), name({ ...retail, retention: '2d' }));
});

test('that run shows its password in no argument, and reaches the broker and nothing else', () => {
  const objects = usecase(SINGLE);
  const [job] = ofKind(objects, 'Job');
  const [container] = job?.spec.template.spec.containers ?? [];
  assert.deepEqual(container.args, [
    'kafka.millrace-ingestion.svc:9093',
    '/etc/millrace/retail-topics-list/topics',
    '/run/secrets/retail-topics-log',
    '/opt/kafka/bin',
    'millrace',
  ]);
  assert.equal(named(objects, 'ExternalSecret', 'retail-topics-log').spec.data[0].remoteRef.key, 'kafka-auth');
  assert.deepEqual(
    named(objects, 'NetworkPolicy', 'retail-topics').spec.egress.map(
      ({ ports }: { ports: readonly { port: number }[] }) => ports[0]?.port,
    ),
    [53, 9093],
  );
  assert.equal(
    named(objects, 'NetworkPolicy', 'retail-topics-to-kafka').spec.podSelector.matchLabels['app.kubernetes.io/name'],
    'kafka',
  );
});
