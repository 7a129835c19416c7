import { PodIdentityAssociation } from '@pulumi/aws/eks/podIdentityAssociation.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { AwsComponent, type AwsScope, physicalName } from './aws-component.ts';
import { policyDocument, type Statement } from './aws-statement.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface WorkloadIdentityProps extends ServiceAccount {
  readonly clusterName: Input<string>;
  /** What it may do, derived from what its code declares. Empty: the pod gets an identity that may do nothing. */
  readonly statements: readonly Statement[];
}

/** Trust in the pods of one service account, by the tags that EKS puts on their sessions. */
export const trustPod = ({ namespace, serviceAccount }: ServiceAccount, clusterName?: Input<string>): Output<string> =>
  policyDocument([
    {
      Sid: 'PodsOfAccountTakeRole',
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: {
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': namespace,
          'aws:RequestTag/kubernetes-service-account': serviceAccount,
          ...(clusterName === undefined ? {} : { 'aws:RequestTag/eks-cluster-name': clusterName }),
        },
      },
    },
  ]);

/** The role of one workload's service account. Its pods get short-lived credentials by EKS Pod Identity; no key is stored anywhere. */
export class WorkloadIdentity extends AwsComponent {
  readonly roleArn: Output<string>;

  constructor(name: string, scope: AwsScope, props: WorkloadIdentityProps, options?: ComponentResourceOptions) {
    super('cluster:WorkloadIdentity', name, scope, 'internal', options);
    const { namespace, serviceAccount, clusterName, statements } = props;
    const role = new Role(
      name,
      { name: physicalName(scope, name), assumeRolePolicy: trustPod({ namespace, serviceAccount }, clusterName) },
      this.own,
    );
    if (statements.length > 0) new RolePolicy(name, { role: role.id, policy: policyDocument(statements) }, this.own);
    const association = new PodIdentityAssociation(name, { clusterName, namespace, serviceAccount, roleArn: role.arn }, this.own);
    // Known once pods have it.
    this.roleArn = association.roleArn;
    this.registerOutputs({ roleArn: this.roleArn });
  }
}
