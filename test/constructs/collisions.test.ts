import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Chart } from 'cdk8s';
import { NAME_LENGTH } from '../../app/usecases/check.ts';
import { click } from '../../app/usecases/retail/events.ts';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { podTemplate } from '../../constructs/cluster/pod.ts';
import { checkCollisions } from '../../constructs/collisions.ts';
import { environmentOf } from '../../constructs/environment.ts';
import { object } from '../../constructs/object.ts';
import { CHANGE_CAPTURE, ORDERS, shop } from './followed.ts';
import { site } from './site.ts';

const environment = (usecases: readonly UseCase[], source = 'orders-db') => {
  const databases = { [`shop-${source}`]: CHANGE_CAPTURE.databases['shop-orders-db'] };
  return environmentOf(site({ usecases, dials: { changeCapture: { ...CHANGE_CAPTURE, databases } } }).dials, usecases);
};

test('two use cases whose objects would have one name are refused, with both', () => {
  const eu: UseCase = { ...shop, sources: [...retail.sources, { ...ORDERS, name: 'eu-sink' }] };
  assert.doesNotThrow(() => environment([eu, retail], 'eu-sink'));
  assert.throws(() => environment([eu, { ...retail, name: 'shop-eu' }], 'eu-sink'), {
    code: 'MR_STACK_COLLISION',
    field: 'KafkaUser shop-eu-sink: metadata.name',
    value: 'shop-eu-sink',
    expected: /^a name that shop-ingestion\/user-eu-sink does not have: shop-eu-ingestion\/user-sink is another object$/,
  });
});

test('two events of one use case that Kubernetes takes for one are refused', () => {
  const events = ['page_view', 'page-view'].map((name) => ({ ...click, name }));
  assert.throws(() => environment([{ ...retail, events: [click, ...events] } as UseCase]), {
    code: 'MR_STACK_COLLISION',
    field: 'KafkaTopic retail.page-view: metadata.name',
  });
});

test('a database that is called like a workload is refused', () => {
  const sink = { ...shop, sources: [...retail.sources, { ...ORDERS, name: 'sink' }] };
  assert.throws(() => environment([sink], 'sink'), { code: 'MR_STACK_COLLISION', field: 'sources.name', value: 'sink' });
});

test('the longest name of a use case fits with all that is named after it, a longer event does not', () => {
  const longest = { ...retail, name: 'a'.repeat(NAME_LENGTH) };
  assert.doesNotThrow(() => environment([longest]));
  const event = { ...click, name: 'e'.repeat(40) };
  assert.throws(() => environment([{ ...longest, events: [click, event] } as UseCase]), {
    code: 'MR_STACK_COLLISION',
    expected: /at most 63/,
  });
});

const IMAGE = `registry.test/one@sha256:${'1'.repeat(64)}`;
const resources = { cpu: '100m', memory: '64Mi' };

/** A Deployment of two containers and its Service, on these ports. */
function withPorts(containers: readonly (readonly [string, number])[], service: readonly (readonly [string, number])[]): Chart {
  const [main, beside] = containers.map(([name, containerPort]) => ({ ports: [{ name, containerPort }] }));
  const chart = new Chart(new App(), 'one');
  const metadata = { name: 'one', namespace: 'millrace-serving' };
  const named = { name: 'one', layer: 'serving', owner: 'shop-ml' } as const;
  const pod = { nodes: 'existing', image: IMAGE, resources, priority: 'serving' } as const;
  object(chart, 'pod', 'apps/v1 Deployment', {
    metadata,
    spec: {
      selector: { matchLabels: {} },
      template: podTemplate({ ...named, ...pod, ...main, beside: [{ name: 'exporter', image: IMAGE, resources, ...beside }] }),
    },
  });
  object(chart, 'service', 'v1 Service', { metadata, spec: { ports: service.map(([name, port]) => ({ name, port })) } });
  return chart;
}

test('a port that two containers of a pod want, or that a Service has twice, is refused with who wants it', () => {
  const http = ['http', 8080] as const;
  assert.doesNotThrow(() => checkCollisions([withPorts([http, ['metrics', 9090]], [http])]));
  assert.throws(() => checkCollisions([withPorts([http, ['metrics', 8080]], [http])]), {
    code: 'MR_STACK_COLLISION',
    field: 'Deployment one: spec.template.spec.containers.ports',
    value: '8080/TCP',
    expected: 'each number once; one and exporter want it',
  });
  assert.throws(() => checkCollisions([withPorts([http, ['http', 9090]], [http])]), {
    value: 'http',
    expected: /each name once/,
  });
  assert.throws(() => checkCollisions([withPorts([http], [http, ['grpc', 8080]])]), {
    field: 'Service one: spec.ports',
    value: '8080/TCP',
  });
});

test('two Services that would open one port of the nodes are refused, with both', () => {
  const chart = new Chart(new App(), 'two');
  const service = (name: string, nodePort: number) =>
    object(chart, name, 'v1 Service', {
      metadata: { name, namespace: 'millrace-serving' },
      spec: { type: 'NodePort', ports: [{ name: 'http', port: 8080, nodePort }] },
    });
  service('one', 30_080);
  service('other', 30_081);
  assert.doesNotThrow(() => checkCollisions([chart]));
  service('third', 30_080);
  assert.throws(() => checkCollisions([chart]), {
    code: 'MR_STACK_COLLISION',
    field: 'Service third: spec.ports.nodePort',
    value: '30080/TCP',
    expected: 'a port of the nodes that Service one does not have',
  });
});
