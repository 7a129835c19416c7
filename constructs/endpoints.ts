import { AWS_VALUES, placeholder } from './bridge/placeholder.ts';
import { API_ADDRESS } from './cluster/aws-ranges.ts';
import type { Dials } from './dials.ts';
import { selectorOf } from './labels.ts';
import { type Endpoint, type Endpoints, namespaceOf, PLATFORM } from './site.ts';

const service = (name: string, layer: string, port: number, labels: Readonly<Record<string, string>>): Endpoint => ({
  name,
  host: `${name}.${namespaceOf(layer)}.svc`,
  port,
  pods: { namespace: namespaceOf(layer), labels },
});

/** Names that operators give to what they run; see each operator's own documentation. */
const KAFKA_TLS = 9093;
const MSK_IAM = 9098;
/** EKS's agent for pods' identities, on each node. */
const IDENTITY_AGENT = { host: '169.254.170.23', port: 80 } as const;
/** OpenTelemetry's own port for OTLP over HTTP. */
export const OTLP_HTTP = 4318;
const REGISTRY_DATABASE = `${PLATFORM}-registry`;

/**
 * Where the stores are: in this cluster where the platform runs them itself, at the S3 endpoint that the dials name, and on AWS
 * behind placeholders (`AWS_VALUES`) within the network's own range.
 */
export function endpointsOf(dials: Dials): Endpoints {
  const { providers, aws } = dials;
  const own = kubernetesEndpoints(dials);
  if (aws === undefined) return own;
  const ranges = [aws.cidr];
  const outside = (name: string, host: string, port: number): Endpoint => ({ name, host, port, ranges });
  return {
    ...own,
    identity: { name: 'identity', ...IDENTITY_AGENT, ranges: [`${IDENTITY_AGENT.host}/32`] },
    kms: outside('kms', `kms.${aws.region}.amazonaws.com`, 443),
    objects: outside('objects', `s3.${aws.region}.amazonaws.com`, 443),
    ...(providers.log === 'msk' && {
      log: { ...outside('log', placeholder(AWS_VALUES.brokers), MSK_IAM), address: placeholder(AWS_VALUES.brokers) },
    }),
    ...(providers.online === 'elasticache' && { online: outside('online', placeholder(AWS_VALUES.onlineHost), 6379) }),
    ...(providers.metadata === 'rds' && { metadata: outside('metadata', placeholder(AWS_VALUES.metadataHost), 5432) }),
  };
}

function kubernetesEndpoints(dials: Dials): Endpoints {
  const { objects, providers } = dials;
  return {
    log:
      providers.log === 'single'
        ? service('kafka', 'ingestion', KAFKA_TLS, selectorOf({ name: 'kafka', layer: 'ingestion' }))
        : {
            ...service(`${PLATFORM}-kafka-bootstrap`, 'ingestion', KAFKA_TLS, {
              'strimzi.io/cluster': PLATFORM,
              'strimzi.io/kind': 'Kafka',
              'strimzi.io/name': `${PLATFORM}-kafka`,
            }),
            admits: 'millrace.dev/reaches-log',
          },
    objects: {
      name: 'objects',
      host: objects?.host ?? '',
      port: objects?.port ?? 443,
      admits: 'millrace.dev/reaches-objects',
      ...(objects?.namespace !== undefined && { pods: { namespace: objects.namespace, labels: objects.labels ?? {} } }),
      ...(objects?.ranges !== undefined && { ranges: objects.ranges }),
    },
    // Clients ask a Sentinel which member is the primary, then go there.
    online: { ...service('valkey', 'features', 6379, { 'millrace.dev/member-of': 'valkey' }), morePorts: [26379] },
    metadata: {
      ...service(`${REGISTRY_DATABASE}-rw`, 'registry', 5432, { 'cnpg.io/cluster': REGISTRY_DATABASE }),
      admits: 'millrace.dev/reaches-metadata',
    },
    registry: service('registry', 'registry', 8080, selectorOf({ name: 'registry', layer: 'registry' })),
    controlPlane: controlPlane(dials),
    telemetry: service('otel-collector', 'monitoring', OTLP_HTTP, selectorOf({ name: 'otel-collector', layer: 'monitoring' })),
  };
}

const controlPlane = ({ controlPlane: at, aws }: Dials): Endpoint => ({
  name: 'control-plane',
  host: 'kubernetes.default.svc',
  port: at?.port ?? 443,
  // Its Service's address, and those behind it: which of them a network policy sees is the pod network's own affair.
  ranges: at?.ranges ?? (aws === undefined ? [] : [API_ADDRESS, aws.cidr]),
});
