import { BELONGS, PART_OF, PLATFORM } from '../app/usecases/annotations.ts';
import { toCel } from './cel.ts';
import { levelOf } from './judge.ts';
import { apiKind } from './kinds.ts';
import type { Context, Rule } from './rule.ts';

const API = 'admissionregistration.k8s.io/v1';

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface Admission {
  readonly rule: Rule;
  /** ValidatingAdmissionPolicy. */
  readonly policy: KubernetesObject;
  /** ValidatingAdmissionPolicyBinding: denies for a mandatory rule, warns for an advisory one. */
  readonly binding: KubernetesObject;
}

/**
 * The rules that one Kubernetes object can be held to, as policies that the API server evaluates itself (1.30 and later).
 * They judge what comes into namespaces labelled `millrace.dev/part-of: millrace`, and objects without a namespace that
 * carry the platform's label. What an operator makes of an object that was judged is not judged again: `operators` are the
 * namespaces whose service accounts are theirs.
 */
export const admissionsOf = (
  rules: readonly Rule[],
  context: Pick<Context, 'environment' | 'config'>,
  operators: readonly string[] = [],
): readonly Admission[] =>
  rules.flatMap((rule) => {
    const resourceRules = resourceRulesOf(rule);
    if (rule.object === undefined || resourceRules.length === 0) return [];
    const { expression, variables } = toCel(rule.object(context));
    const metadata = { name: admissionName(rule), labels: { [PART_OF]: PLATFORM } };
    return [
      {
        rule,
        policy: {
          apiVersion: API,
          kind: 'ValidatingAdmissionPolicy',
          metadata,
          spec: {
            failurePolicy: 'Fail',
            matchConstraints: { ...WHATEVER, resourceRules },
            matchConditions: [
              { name: 'ours', expression: OURS },
              ...(operators.length === 0 ? [] : [{ name: 'not-of-an-operator', expression: notOf(operators) }]),
            ],
            variables,
            validations: [{ expression, message: messageOf(rule), reason: 'Invalid' }],
          },
        },
        binding: {
          apiVersion: API,
          kind: 'ValidatingAdmissionPolicyBinding',
          metadata,
          spec: {
            policyName: metadata.name,
            validationActions: levelOf(rule, context) === 'mandatory' ? ['Deny'] : ['Warn'],
            matchResources: { ...WHATEVER, namespaceSelector: { matchLabels: { [BELONGS]: PLATFORM } } },
          },
        },
      },
    ];
  });

/**
 * What the API server puts in where it is left out. Each of these is one value to it: who applies a part of one meets a
 * conflict with whoever applied it before, as an `up` does that goes on after one that was stopped.
 */
const WHATEVER = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} } as const;

/** `millrace-k03-pinned-image`. */
export const admissionName = ({ id, name, layer }: Rule): string =>
  `${PLATFORM}-${id.toLowerCase()}-${name.slice(layer.length + 1)}`;

const messageOf = ({ id, title, reason, remediation }: Rule): string => `${id} ${title}. ${reason} ${remediation}`;

/** The binding's selector says nothing about objects without a namespace: of those, only what carries our label is ours. */
const OURS = [
  'dyn(object).?metadata.?namespace.hasValue()',
  ...[PART_OF, BELONGS].map((label) => `dyn(object).?metadata.?labels[?"${label}"].orValue("") == "${PLATFORM}"`),
].join(' || ');

const notOf = (namespaces: readonly string[]): string =>
  `![${namespaces.map((name) => JSON.stringify(`system:serviceaccount:${name}:`)).join(', ')}].exists(account, request.userInfo.username.startsWith(account))`;

interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly scope: '*';
  readonly resources: readonly string[];
}

/** One for each group and version that the rule's kinds are of. */
function resourceRulesOf({ kinds }: Rule): readonly ResourceRule[] {
  const found = new Map<string, { group: string; version: string; resources: string[] }>();
  for (const { group, version, resource } of kinds.flatMap((kind) => apiKind(kind) ?? [])) {
    const key = `${group}/${version}`;
    const entry = found.get(key) ?? { group, version, resources: [] };
    entry.resources.push(resource);
    found.set(key, entry);
  }
  return [...found.values()].map(({ group, version, resources }) => ({
    apiGroups: [group],
    apiVersions: [version],
    operations: ['CREATE', 'UPDATE'],
    resources,
    scope: '*',
  }));
}
