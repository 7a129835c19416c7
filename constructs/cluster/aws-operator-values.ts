import type { Inputs, Output } from '@pulumi/pulumi';
import type { AwsFoundation } from '../aws.ts';

/** Pods get their identity as they start: with it on them, they wait for it, and start anew for another. */
const ROLE = 'millrace.dev/role';
const withRole = (role: Output<string> | undefined): Inputs => (role === undefined ? {} : { [ROLE]: role });

/** What the operators' charts must be told of an account: cluster, queue, and the roles that their accounts have (aws-operators.ts). */
export function operatorValues({ cluster, karpenter, operatorRoles, scope }: AwsFoundation): Readonly<Record<string, Inputs>> {
  const { autoscaler, lag, secrets } = operatorRoles;
  return {
    ...(karpenter !== undefined && {
      karpenter: {
        settings: { clusterName: cluster.name, interruptionQueue: karpenter.queue },
        podAnnotations: withRole(karpenter.role),
      },
    }),
    'cluster-autoscaler': {
      autoDiscovery: { clusterName: cluster.name },
      awsRegion: scope.region,
      rbac: { serviceAccount: { name: 'cluster-autoscaler' } },
      podAnnotations: withRole(autoscaler),
    },
    'external-secrets': { podAnnotations: withRole(secrets) },
    keda: { podAnnotations: { keda: withRole(lag) } },
  };
}
