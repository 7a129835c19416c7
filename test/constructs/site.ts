import { App, type Chart } from 'cdk8s';
import { retail } from '../../app/usecases/retail/usecase.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { planCapacity } from '../../constructs/capacity.ts';
import { type Dials, parseDials } from '../../constructs/dials.ts';
import { endpointsOf } from '../../constructs/endpoints.ts';
import type { Site } from '../../constructs/site.ts';

const RAW = {
  target: 'kubernetes',
  owner: 'shop-ml',
  costCentre: 'ml-platform',
  load: { dailyUsers: 100_000, eventsPerUser: 20, peakFactor: 4, retentionDays: 7 },
  commit: 'c'.repeat(40),
  image: `registry.test/millrace@sha256:${'1'.repeat(64)}`,
  providers: { log: 'strimzi', online: 'valkey', metadata: 'cloudnative-pg', warehouse: 'trino', nodes: 'karpenter' },
  operators: { from: 'present' },
  objects: {
    host: 's3.millrace-lake.svc',
    port: 9000,
    region: 'local',
    bucket: 'millrace-test',
    secretStore: 'platform',
    namespace: 'millrace-lake',
    labels: { 'app.kubernetes.io/name': 's3' },
  },
  controlPlane: { ranges: ['10.96.0.1/32'], port: 6443 },
  nodeClass: { group: 'karpenter.test', kind: 'TestNodeClass', name: 'standard' },
  gateway: { host: 'millrace.test', className: 'envoy', certificateIssuer: 'internal' },
  gpu: { product: 'nvidia-l4', maxNodes: 2, quota: 2, monthlyBudget: 500, idleMinutes: 30, readiness: 'taint' },
  releases: 'none',
  alerts: { runbooks: 'https://runbooks.test', receiver: 'https://alerts.test' },
} as const;

const AWS = {
  target: 'aws',
  objects: undefined,
  controlPlane: undefined,
  nodeClass: undefined,
  operators: { from: 'helm' },
  providers: { log: 'msk', online: 'elasticache', metadata: 'rds', warehouse: 'athena', nodes: 'karpenter' },
  gpu: { ...RAW.gpu, product: 'g6.xlarge', readiness: 'allocatable' },
  aws: {
    region: 'eu-central-1',
    allowedRegions: ['eu-central-1'],
    cidr: '10.60.0.0/16',
    adminRanges: ['10.8.0.0/16'],
    administrators: ['arn:aws:iam::111111111111:role/platform'],
    alertEmail: 'shop-ml@example.org',
  },
} as const;

export interface Variant {
  readonly environment?: 'dev' | 'staging' | 'prod';
  readonly target?: 'kubernetes' | 'aws';
  readonly dials?: Readonly<Record<string, unknown>>;
  readonly usecases?: readonly UseCase[];
}

/** A made-up environment with every part in it: the definition and the planner are real, the dials are small. */
export function site({
  environment = 'staging',
  target = 'kubernetes',
  dials: more = {},
  usecases = [retail],
}: Variant = {}): Site {
  const raw = Object.entries({ ...RAW, ...(target === 'aws' ? AWS : {}), ...more }).filter(([, value]) => value !== undefined);
  const dials: Dials = parseDials(environment, 'test', Object.fromEntries(raw));
  const plan = planCapacity(usecases, dials.load, { highAvailability: dials.highAvailability, target: dials.target });
  return { dials, plan, endpoints: endpointsOf(dials) };
}

/** One object of a chart as its manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is whatever its kind says; tests name the fields they read
  readonly spec?: any;
  // biome-ignore lint/suspicious/noExplicitAny: data, rules, subjects and their like, by kind
  readonly [field: string]: any;
}

/** All objects that a chart makes, sorted by kind and name so that order in the code is no difference. */
export function manifests(make: (app: App) => Chart): readonly Manifest[] {
  return make(new App()).toJson() as Manifest[];
}

export const ofKind = (objects: readonly Manifest[], kind: string): readonly Manifest[] =>
  objects.filter((object) => object.kind === kind);

/** The one object of this kind and name. */
export function named(objects: readonly Manifest[], kind: string, name: string): Manifest {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined)
    throw new Error(
      `no ${kind} '${name}' among ${ofKind(objects, kind)
        .map(({ metadata }) => metadata.name)
        .join(', ')}`,
    );
  return found;
}
