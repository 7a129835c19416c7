import type { input } from '@pulumi/kubernetes/types/index.js';
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

/** The kinds of Kubernetes itself that charts use, with the shapes of the provider that will register them. */
interface Kinds {
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': input.admissionregistration.v1.ValidatingAdmissionPolicy;
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': input.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
  'v1 ConfigMap': input.core.v1.ConfigMap;
  'v1 LimitRange': input.core.v1.LimitRange;
  'v1 Namespace': input.core.v1.Namespace;
  'v1 ResourceQuota': input.core.v1.ResourceQuota;
  'v1 Secret': input.core.v1.Secret;
  'v1 Service': input.core.v1.Service;
  'v1 ServiceAccount': input.core.v1.ServiceAccount;
  'apps/v1 Deployment': input.apps.v1.Deployment;
  'apps/v1 StatefulSet': input.apps.v1.StatefulSet;
  'autoscaling/v2 HorizontalPodAutoscaler': input.autoscaling.v2.HorizontalPodAutoscaler;
  'batch/v1 CronJob': input.batch.v1.CronJob;
  'batch/v1 Job': input.batch.v1.Job;
  'networking.k8s.io/v1 NetworkPolicy': input.networking.v1.NetworkPolicy;
  'policy/v1 PodDisruptionBudget': input.policy.v1.PodDisruptionBudget;
  'rbac.authorization.k8s.io/v1 ClusterRole': input.rbac.v1.ClusterRole;
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': input.rbac.v1.ClusterRoleBinding;
  'rbac.authorization.k8s.io/v1 Role': input.rbac.v1.Role;
  'rbac.authorization.k8s.io/v1 RoleBinding': input.rbac.v1.RoleBinding;
  'scheduling.k8s.io/v1 PriorityClass': input.scheduling.v1.PriorityClass;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

type Body<K extends keyof Kinds> = Omit<Kinds[K], 'apiVersion' | 'kind' | 'metadata' | 'status'> & {
  readonly metadata: Metadata;
};

/** One object of Kubernetes itself, its fields checked by the compiler. */
export function object<K extends keyof Kinds>(scope: Construct, id: string, kind: K, body: Body<K>): ApiObject {
  const [apiVersion, name] = kind.split(' ') as [string, string];
  return new ApiObject(scope, id, { apiVersion, kind: name, ...body } as ConstructorParameters<typeof ApiObject>[2]);
}

/** One object of an operator's own kind; its fields are checked by the API server, strictly, in `npm run test:cluster`. */
export function customObject(
  scope: Construct,
  id: string,
  kind: `${string}/${string} ${string}`,
  body: { readonly metadata: Metadata; readonly spec: Readonly<Record<string, unknown>> },
): ApiObject {
  const [apiVersion, name] = kind.split(' ') as [string, string];
  return new ApiObject(scope, id, { apiVersion, kind: name, ...body } as ConstructorParameters<typeof ApiObject>[2]);
}
