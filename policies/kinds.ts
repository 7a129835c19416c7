/** Kinds that hold a pod, as Pulumi tokens. */
export const POD_KINDS = [
  'kubernetes:core/v1:Pod',
  'kubernetes:apps/v1:Deployment',
  'kubernetes:apps/v1:StatefulSet',
  'kubernetes:apps/v1:DaemonSet',
  'kubernetes:batch/v1:Job',
  'kubernetes:batch/v1:CronJob',
] as const;

/** Kinds of Argo that hold pods' templates. */
export const WORKFLOW_KINDS = [
  'kubernetes:argoproj.io/v1alpha1:Workflow',
  'kubernetes:argoproj.io/v1alpha1:CronWorkflow',
  'kubernetes:argoproj.io/v1alpha1:WorkflowTemplate',
] as const;

/** Everything that ends as a pod. */
export const WORKLOAD_KINDS = [...POD_KINDS, ...WORKFLOW_KINDS] as const;

interface KindOfApi {
  readonly group: string;
  readonly version: string;
  /** Plural in addresses. */
  readonly resource: string;
}

const IRREGULAR: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies', PriorityClass: 'priorityclasses' };

/** What the API server calls a token's kind; `kubernetes:<group>/*` is all of a group. Undefined for other tokens. */
export function apiKind(token: string): KindOfApi | undefined {
  const [, all] = /^kubernetes:([^/*]+)\/\*$/.exec(token) ?? [];
  if (all !== undefined) return { group: all, version: '*', resource: '*' };
  const [, group, version, kind] = /^kubernetes:([^/]+)\/([^:]+):(\w+)$/.exec(token) ?? [];
  if (group === undefined || version === undefined || kind === undefined) return undefined;
  return { group: group === 'core' ? '' : group, version, resource: IRREGULAR[kind] ?? `${kind.toLowerCase()}s` };
}

/** `apiVersion` of a Kubernetes token's objects. */
export const apiVersionOf = (token: string): string => (token.split(':')[1] ?? '').replace(/^core\//, '');
