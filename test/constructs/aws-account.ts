import { runtime } from '@pulumi/pulumi';
import type { AwsFoundationProps } from '../../constructs/aws.ts';

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  /** `type name` of what it waits for, and outlives it on the way down. */
  readonly dependencies: readonly string[];
  /** Whether the engine names its provider, i.e. the region is the one we chose. */
  readonly provider: string;
}

export const ACCOUNT = '123456789012';

export const PRODUCTION: AwsFoundationProps = {
  environment: 'prod',
  tags: { owner: 'platform', environment: 'prod', costCentre: 'ml-1' },
  region: 'eu-central-1',
  allowedRegions: ['eu-central-1', 'eu-west-1'],
  cidr: '10.20.0.0/16',
  adminRanges: [],
  administrators: [`arn:aws:iam::${ACCOUNT}:role/deployer`],
  protect: true,
  gpu: { instanceType: 'g6.xlarge', maxNodes: 3, monthlyBudget: 900 },
  alertEmail: 'platform@example.org',
  plan: {
    brokers: 3,
    brokerVcpus: 2,
    brokerMemoryGiB: 8,
    brokerStorageGiB: 120,
    storeShards: 1,
    storeReplicas: 2,
    storeMemoryGiB: 4,
    registryVcpus: 2,
    registryMemoryGiB: 4,
    registryStorageGiB: 40,
    cpu: { instanceType: 'm7i.xlarge', min: 3, max: 9 },
    logRetentionDays: 7,
  },
};

type Outputs = Readonly<Record<string, unknown>>;

/** What AWS would answer, where the constructs read it. */
function answers(type: string, name: string, inputs: Outputs): Outputs {
  const region = PRODUCTION.region;
  const arn = (service: string, resource: string) => ({ arn: `arn:aws:${service}:${region}:${ACCOUNT}:${resource}` });
  switch (type) {
    case 'aws:eks/cluster:Cluster':
      return {
        endpoint: 'https://cluster.example',
        certificateAuthority: { data: 'Q0E=' },
        vpcConfig: { ...(inputs.vpcConfig as Outputs), clusterSecurityGroupId: 'sg-cluster' },
        ...arn('eks', `cluster/${inputs.name}`),
      };
    case 'aws:kms/key:Key':
      return { keyId: `id-${name}`, ...arn('kms', `key/${name}`) };
    case 'aws:s3/bucket:Bucket':
      return { arn: `arn:aws:s3:::${inputs.bucket}` };
    case 'aws:msk/cluster:Cluster':
      return {
        ...arn('kafka', `cluster/${inputs.clusterName}/0a1b-7`),
        bootstrapBrokersSaslIam: 'b-1.log.example:9098',
      };
    case 'aws:rds/instance:Instance':
      return {
        address: `${inputs.identifier}.rds.example`,
        masterUserSecrets: [{ secretArn: arn('secretsmanager', `secret:rds!db-${name}`).arn }],
      };
    case 'aws:elasticache/replicationGroup:ReplicationGroup':
      return { primaryEndpointAddress: 'primary.online.example', configurationEndpointAddress: 'shards.online.example' };
    case 'aws:ec2/launchTemplate:LaunchTemplate':
      return { latestVersion: 1 };
    case 'aws:msk/configuration:Configuration':
      return { latestRevision: 1, ...arn('kafka', `configuration/${name}`) };
    case 'aws:sqs/queue:Queue':
      return { url: `https://sqs.example/${inputs.name}`, ...arn('sqs', String(inputs.name)) };
    case 'aws:secretsmanager/secret:Secret':
      return arn('secretsmanager', `secret:${inputs.name}`);
    case 'aws:iam/role:Role':
      return { arn: `arn:aws:iam::${ACCOUNT}:role/${inputs.name}` };
    case 'aws:ecr/repository:Repository':
      return {
        repositoryUrl: `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com/${inputs.name}`,
        ...arn('ecr', `repository/${inputs.name}`),
      };
    default:
      return arn('mock', `${type}/${name}`);
  }
}

interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getProtect(): boolean;
  getProvider(): string;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
}
type Register = (request: Request, ...rest: unknown[]) => unknown;

/**
 * Runs a program against an account that is not there, and gives what it registers, sorted by type and name. `stacks` are the
 * outputs of other stacks, by their names.
 */
export async function deploy(
  program: () => void | Promise<void>,
  stacks: Readonly<Record<string, Outputs>> = {},
): Promise<readonly Registered[]> {
  const inputs = new Map<string, Outputs>();
  const options: Omit<Registered, 'inputs'>[] = [];
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs: given }) => {
        inputs.set(`${type} ${name}`, given);
        if (type === 'pulumi:pulumi:StackReference') return { id: name, state: { ...given, outputs: stacks[given.name] ?? {} } };
        return { id: `${name}-id`, state: { ...given, ...answers(type, name, given) } };
      },
      call: ({ token }) => {
        if (token === 'aws:index/getCallerIdentity:getCallerIdentity') return { accountId: ACCOUNT };
        throw new Error(`the account is not asked for ${token}`);
      },
    },
    'millrace',
    'prod',
  );
  // Mocks are not told of a resource's options; the monitor is.
  const monitor = runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    const [type, name] = [request.getType(), request.getName()];
    if (request.getCustom()) {
      const dependencies = request.getDependenciesList().map((urn) => urn.split('::').slice(2).join(' '));
      const own = { protect: request.getProtect(), ignoreChanges: request.getIgnorechangesList(), dependencies };
      options.push({ type, name, provider: request.getProvider(), ...own });
    }
    return register(request, ...rest);
  };
  // The SDK takes a stack trace for every promise, which is half of the time here.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await program();
    await runtime.disconnect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return options
    .map((option) => ({ ...option, inputs: inputs.get(`${option.type} ${option.name}`) ?? {} }))
    .sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
}
