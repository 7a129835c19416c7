import { InputPropertiesError, type InputPropertyErrorDetails } from '@pulumi/pulumi';
import type { NodeBounds } from './aws-node-pool.ts';
import { MAX_PREFIX, MIN_PREFIX, overlap, parseRange, SERVICE_RANGE, ZONES } from './aws-ranges.ts';
import { BROKERS, DATABASES, type Size, STORE_NODES, smallest } from './aws-sizes.ts';
import type { AwsTags } from './aws-tags.ts';

/** The numbers of a capacity plan that size what AWS runs. */
export interface AwsPlan {
  readonly brokers: number;
  readonly brokerVcpus: number;
  readonly brokerMemoryGiB: number;
  /** Of one broker. */
  readonly brokerStorageGiB: number;
  readonly storeShards: number;
  /** Copies of a shard beside its primary. */
  readonly storeReplicas: number;
  /** What one shard holds. */
  readonly storeMemoryGiB: number;
  readonly registryVcpus: number;
  readonly registryMemoryGiB: number;
  readonly registryStorageGiB: number;
  readonly cpu: NodeBounds;
  /** Days that the event log keeps the records of a topic that says nothing else. */
  readonly logRetentionDays: number;
}

export interface AwsGpu {
  readonly instanceType: string;
  /** Ceiling of the pool, which starts from zero. 0: no pool. */
  readonly maxNodes: number;
  /** USD a month. */
  readonly monthlyBudget: number;
}

export interface AwsFoundationProps {
  readonly environment: string;
  readonly tags: AwsTags;
  readonly region: string;
  /** Regions that may hold anything of ours; `region` is one of them. */
  readonly allowedRegions: readonly string[];
  /** Three of the region's availability zones. @default its zones a, b and c */
  readonly zones?: readonly string[];
  /** IPv4 range of the network, /16 to /20. */
  readonly cidr: string;
  /** Ranges that reach the Kubernetes API from outside, private ones by a link of one's own. Empty: none. */
  readonly adminRanges: readonly string[];
  /** ARNs of roles or users that administer the cluster. */
  readonly administrators: readonly string[];
  /** Groups of the Kubernetes API that roles or users are in, by ARN. @default none */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly plan: AwsPlan;
  /** Production: stores refuse to be deleted, each zone has its own way out. */
  readonly protect: boolean;
  /** Who sizes the pools: node groups of AWS with an autoscaler, or Karpenter, which makes its nodes itself. @default 'managed' */
  readonly nodes?: 'managed' | 'karpenter';
  readonly gpu: AwsGpu;
  readonly alertEmail: string;
}

export type AwsPlatformProps = Pick<AwsFoundationProps, 'plan'> & {
  /** Days within which an erased person must be gone from every copy. @default 30 */
  readonly erasureDays?: number;
  /** Days that an audit record cannot be deleted. @default 730 with `protect`, else 1 */
  readonly auditLockDays?: number;
};

const NAME = /^[a-z][a-z0-9-]{0,11}$/;
const TAG = /^[\p{L}\p{N} _.:/=+@-]{1,256}$/u;
const REGION = /^[a-z]{2}(-gov)?-[a-z]+-\d$/;
/** Of a broker's disk, and of a database's. */
const MAX_BROKER_GIB = 16_384;
const MAX_DATABASE_GIB = 16_384;
const MAX_BROKERS = 60;
const MAX_SHARDS = 90;
const MAX_STORE_REPLICAS = 5;

/** Collects what is wrong with the inputs of a component, to be told at once. */
class Faults {
  readonly #found: InputPropertyErrorDetails[] = [];

  check(propertyPath: string, value: unknown, holds: boolean, expected: string): void {
    if (!holds) this.#found.push({ propertyPath, reason: `is ${JSON.stringify(value)}; expected ${expected}` });
  }

  whole(path: string, value: number, min: number, max: number): void {
    this.check(path, value, Number.isInteger(value) && value >= min && value <= max, `a whole number from ${min} to ${max}`);
  }

  /** @throws InputPropertiesError with every fault */
  refuse(what: string): void {
    if (this.#found.length === 0) return;
    const lines = this.#found.map(({ propertyPath, reason }) => `  ${propertyPath} ${reason}`);
    throw new InputPropertiesError({ message: `${what} refused:\n${lines.join('\n')}`, errors: this.#found });
  }
}

/** The zones to use. */
export const zonesOf = ({ region, zones }: Pick<AwsFoundationProps, 'region' | 'zones'>): readonly string[] =>
  zones ?? ['a', 'b', 'c'].map((letter) => `${region}${letter}`);

/** @throws InputPropertiesError naming every property that is wrong */
export function checkFoundation(props: AwsFoundationProps): void {
  const faults = new Faults();
  const { environment, tags, region, allowedRegions, cidr, adminRanges, gpu, plan } = props;
  faults.check('environment', environment, NAME.test(environment), 'at most 12 lower-case letters, digits and hyphens');
  for (const key of ['owner', 'environment', 'costCentre'] as const)
    faults.check(`tags.${key}`, tags[key], TAG.test(tags[key]), '1 to 256 letters, digits, spaces and _.:/=+@-');
  faults.check('region', region, REGION.test(region), 'the name of an AWS region, e.g. eu-central-1');
  faults.check(
    'region',
    region,
    allowedRegions.includes(region),
    `one of allowedRegions: ${allowedRegions.join(', ') || 'none'}`,
  );
  const zones = zonesOf(props);
  const different = new Set(zones).size === ZONES && zones.length === ZONES;
  faults.check(
    'zones',
    zones,
    different && zones.every((zone) => zone.startsWith(region)),
    `${ZONES} different zones of ${region}`,
  );
  const network = parseRange(cidr);
  const fits = network !== undefined && network.prefix >= MIN_PREFIX && network.prefix <= MAX_PREFIX;
  faults.check('cidr', cidr, fits, `an IPv4 range of /${MIN_PREFIX} to /${MAX_PREFIX} without bits behind its prefix`);
  faults.check(
    'cidr',
    cidr,
    !overlap(cidr, SERVICE_RANGE),
    `a range apart from ${SERVICE_RANGE}, which the cluster's Services have`,
  );
  adminRanges.forEach((range, index) => {
    const narrow = (parseRange(range)?.prefix ?? 0) >= 8;
    faults.check(`adminRanges[${index}]`, range, narrow, 'an IPv4 range of /8 or less: never the whole internet');
  });
  const principal = (path: string, arn: string): void => {
    const known = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/.test(arn);
    faults.check(path, arn, known, 'the ARN of an IAM role or user');
  };
  props.administrators.forEach((arn, index) => {
    principal(`administrators[${index}]`, arn);
  });
  for (const arn of Object.keys(props.groups ?? {})) principal('groups', arn);
  faults.whole('gpu.maxNodes', gpu.maxNodes, 0, 1_000);
  faults.check(
    'gpu.monthlyBudget',
    gpu.monthlyBudget,
    gpu.monthlyBudget > 0 || gpu.maxNodes === 0,
    'more than 0 USD, since gpu.maxNodes is',
  );
  faults.check('alertEmail', props.alertEmail, /^[^@\s]+@[^@\s]+$/.test(props.alertEmail), 'an e-mail address');
  checkNodes(faults, plan.cpu);
  faults.refuse('The foundation on AWS is');
}

function checkNodes(faults: Faults, { min, max, instanceType }: NodeBounds): void {
  faults.whole('plan.cpu.min', min, 1, 450);
  faults.whole('plan.cpu.max', max, Math.max(min, 1), 450);
  faults.check('plan.cpu.instanceType', instanceType, /^[a-z0-9-]+\.[a-z0-9]+$/.test(instanceType), 'an EC2 instance type');
}

/** Sizes that the plan comes to. */
export interface AwsSizes {
  readonly broker: Size;
  readonly brokers: number;
  readonly store: Size;
  readonly database: Size;
}

/** @throws InputPropertiesError naming every number that no service of AWS can hold */
export function sizesOf({ plan, erasureDays = 30, auditLockDays = 1 }: AwsPlatformProps, reservedShare: number): AwsSizes {
  const faults = new Faults();
  faults.whole('plan.brokers', plan.brokers, 1, MAX_BROKERS);
  faults.whole('plan.brokerStorageGiB', plan.brokerStorageGiB, 1, MAX_BROKER_GIB);
  faults.whole('plan.registryStorageGiB', plan.registryStorageGiB, 1, MAX_DATABASE_GIB);
  faults.whole('plan.storeShards', plan.storeShards, 1, MAX_SHARDS);
  faults.whole('plan.logRetentionDays', plan.logRetentionDays, 1, 3_650);
  faults.whole('plan.storeReplicas', plan.storeReplicas, 0, MAX_STORE_REPLICAS);
  faults.whole('erasureDays', erasureDays, 1, 3_650);
  faults.whole('auditLockDays', auditLockDays, 1, 36_500);
  const size = (path: string, sizes: readonly Size[], vcpus: number, memoryGiB: number): Size | undefined => {
    const found = smallest(sizes, { vcpus, memoryGiB });
    const largest = sizes.at(-1);
    const expected = `at most what ${largest?.name} has: ${largest?.vcpus} vCPUs and ${largest?.memoryGiB} GiB`;
    faults.check(path, { vcpus, memoryGiB }, found !== undefined, expected);
    return found;
  };
  const broker = size('plan.brokerMemoryGiB', BROKERS, plan.brokerVcpus, plan.brokerMemoryGiB);
  const store = size('plan.storeMemoryGiB', STORE_NODES, 0, plan.storeMemoryGiB / (1 - reservedShare));
  const database = size('plan.registryMemoryGiB', DATABASES, plan.registryVcpus, plan.registryMemoryGiB);
  faults.refuse('The platform on AWS is');
  if (broker === undefined || store === undefined || database === undefined) throw new RangeError('no size');
  return { broker, store, database, brokers: Math.ceil(plan.brokers / ZONES) * ZONES };
}
