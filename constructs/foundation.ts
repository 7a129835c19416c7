import { Provider } from '@pulumi/kubernetes';
import type { ProviderResource, Resource } from '@pulumi/pulumi';
import type { UseCase } from '../app/usecases/usecase.ts';
import { type AwsGround, awsFoundation } from './aws.ts';
import { awsPlanOf } from './aws-plan.ts';
import { AWS_VALUES, type Values } from './bridge/placeholder.ts';
import { register } from './bridge/register.ts';
import { operatorValues } from './cluster/aws-operator-values.ts';
import { eksKubeconfig } from './cluster/eks-kubeconfig.ts';
import { installOperators } from './cluster/operators-installed.ts';
import type { Dials } from './dials.ts';
import { type Environment, environmentOf } from './environment.ts';
import { type FoundationOutputs, groundOf } from './foundation-reference.ts';
import { groupsOf } from './governance/roles.ts';

/** What stands before anything of Millrace runs: a cluster, the operators' kinds, namespaces, priorities, node pools. */
export interface Foundation {
  readonly dials: Dials;
  readonly environment: Environment;
  readonly provider: ProviderResource;
  /** What every later object waits for. */
  readonly ready: readonly Resource[];
  readonly aws?: AwsGround;
}

/**
 * The cluster of an environment: the one that the kubeconfig names, or one made on AWS; where `millrace:foundation` names
 * another stack, the one that stands there, as `readFoundation` has told. The definitions are needed here, since nodes and
 * quotas are sized for all of them.
 */
export function foundation(dials: Dials, usecases: readonly UseCase[], told?: FoundationOutputs): Foundation {
  if (dials.foundation === undefined) return makeFoundation(dials, usecases);
  if (told === undefined) throw new RangeError('the foundation that the dials name was not read');
  const aws = groundOf(dials, told);
  const environment = environmentOf(dials, usecases);
  return { dials, environment, provider: clusterProvider(dials, aws), ready: [], ...(aws !== undefined && { aws }) };
}

/** Makes it in this stack, whatever the dial says. */
export function makeFoundation(dials: Dials, usecases: readonly UseCase[]): Foundation {
  const environment = environmentOf(dials, usecases);
  const aws = dials.aws === undefined ? undefined : awsFoundation(foundationProps(dials, environment));
  const provider = clusterProvider(dials, aws, aws?.ready);
  const values: Values = aws?.karpenter === undefined ? {} : { [AWS_VALUES.nodeRole]: aws.karpenter.nodeRole };
  const operators = installOperators(dials, provider, aws === undefined ? {} : operatorValues(aws));
  const cluster = register(environment.cluster, { provider, dependsOn: operators, values });
  // The namespaces wait for the operators' kinds, and everything else for its namespace.
  return { dials, environment, provider, ready: cluster, ...(aws !== undefined && { aws }) };
}

const clusterProvider = ({ aws: dial }: Dials, aws: AwsGround | undefined, dependsOn: readonly Resource[] = []): Provider =>
  new Provider(
    'cluster',
    {
      enableServerSideApply: true,
      // Names are fixed, so that a changed one is updated in place: replaced, it would be gone for a moment.
      enableConfigMapMutable: true,
      enableSecretMutable: true,
      ...(aws !== undefined && dial !== undefined && { kubeconfig: eksKubeconfig(aws.cluster, dial.region) }),
    },
    { dependsOn: [...dependsOn] },
  );

function foundationProps(dials: Dials, { site }: Environment): Parameters<typeof awsFoundation>[0] {
  const { aws, environment, owner, costCentre, gpu } = dials;
  if (aws === undefined) throw new RangeError('no dials of aws');
  return {
    environment,
    tags: { owner, environment, costCentre },
    region: aws.region,
    allowedRegions: aws.allowedRegions,
    cidr: aws.cidr,
    adminRanges: aws.adminRanges,
    administrators: aws.administrators,
    groups: groupsOf(aws.roles),
    plan: awsPlanOf(site.plan),
    nodes: dials.providers.nodes === 'karpenter' ? 'karpenter' : 'managed',
    protect: environment === 'prod',
    gpu: { instanceType: gpu.product, maxNodes: gpu.maxNodes, monthlyBudget: gpu.monthlyBudget },
    alertEmail: aws.alertEmail,
  };
}
