import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import { network, wholeNamespace } from '../cluster/edges.ts';
import { OPERATORS } from '../cluster/operators.ts';
import { podTemplate, serviceAccountOf } from '../cluster/pod.ts';
import { OTLP_HTTP } from '../endpoints.ts';
import { IMAGES } from '../images.ts';
import { labelsOf, selectorOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';

export const NAME = 'otel-collector';
const HEALTH = 13_133;
const METRICS = 8889;

/** Bounded in memory, batched; spans become metrics for Prometheus, and are kept nowhere that a person's id could stay. */
const CONFIGURATION = {
  extensions: { health_check: { endpoint: `0.0.0.0:${HEALTH}` } },
  receivers: { otlp: { protocols: { http: { endpoint: `0.0.0.0:${OTLP_HTTP}` } } } },
  processors: {
    memory_limiter: { check_interval: '1s', limit_percentage: 75, spike_limit_percentage: 15 },
    attributes: { actions: [{ key: 'enduser.id', action: 'delete' }] },
    batch: { timeout: '5s' },
  },
  connectors: { spanmetrics: { dimensions: [{ name: 'http.route' }] } },
  exporters: { prometheus: { endpoint: `0.0.0.0:${METRICS}` } },
  service: {
    extensions: ['health_check'],
    pipelines: {
      traces: { receivers: ['otlp'], processors: ['memory_limiter', 'attributes', 'batch'], exporters: ['spanmetrics'] },
      metrics: { receivers: ['otlp', 'spanmetrics'], processors: ['memory_limiter', 'batch'], exporters: ['prometheus'] },
    },
  },
};

/** Takes the traces and metrics of every workload of the platform. */
export function telemetry(scope: Construct, { dials }: Site): void {
  const named = { name: NAME, layer: 'monitoring' } as const;
  const { owner } = dials;
  const namespace = namespaceOf('monitoring');
  const labels = labelsOf(named, owner);
  const metadata = { name: NAME, namespace, labels };
  const selector = { matchLabels: selectorOf(named) };
  object(scope, 'account', 'v1 ServiceAccount', {
    metadata: { ...metadata, name: serviceAccountOf(named) },
    automountServiceAccountToken: false,
  });
  object(scope, 'configuration', 'v1 ConfigMap', { metadata, data: { 'config.yaml': stringify(CONFIGURATION) } });
  network(scope, 'network', {
    ...named,
    owner,
    ingress: [{ from: [wholeNamespace(OPERATORS.prometheus)], ports: [METRICS] }],
    egress: [],
  });
  object(scope, 'collector', 'apps/v1 Deployment', {
    metadata,
    spec: {
      replicas: dials.highAvailability ? 3 : 2,
      revisionHistoryLimit: 5,
      selector,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: podTemplate({
        ...named,
        owner,
        nodes: dials.providers.nodes,
        image: IMAGES.otelCollector,
        args: [`--config=/etc/millrace/${NAME}/config.yaml`],
        ports: [
          { name: 'otlp', containerPort: OTLP_HTTP },
          { name: 'health', containerPort: HEALTH },
          { name: 'metrics', containerPort: METRICS },
        ],
        resources: { cpu: '200m', memory: '512Mi' },
        priority: 'ingestion',
        configs: [NAME],
        probes: {
          readinessProbe: { httpGet: { path: '/', port: 'health' }, periodSeconds: 5 },
          livenessProbe: { tcpSocket: { port: 'otlp' }, periodSeconds: 10, initialDelaySeconds: 10 },
        },
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
      }),
    },
  });
  object(scope, 'budget', 'policy/v1 PodDisruptionBudget', {
    metadata,
    spec: { minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector },
  });
  object(scope, 'service', 'v1 Service', {
    metadata,
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(named),
      ports: [
        { name: 'otlp', port: OTLP_HTTP, targetPort: 'otlp', protocol: 'TCP' },
        { name: 'metrics', port: METRICS, targetPort: 'metrics', protocol: 'TCP' },
      ],
    },
  });
}
