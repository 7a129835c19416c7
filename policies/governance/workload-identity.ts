import { at, kindOf } from '../read.ts';
import type { Resource, ResourceRule, Violation } from '../rule.ts';
import { anyone, statementsOf, texts } from '../statements.ts';
import { UNKNOWN } from '../unknown.ts';
import { violation } from '../violation.ts';

const LASTING = ['aws:iam/user:User', 'aws:iam/accessKey:AccessKey', 'aws:iam/userLoginProfile:UserLoginProfile'];

export const workloadIdentity: ResourceRule = {
  id: 'C03',
  name: 'governance-workload-identity',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Workload identity only: no long-lived keys, and no policy that allows everything on everything',
  control: ['SOC 2 CC6.1'],
  reason: 'A key that lives for years is stolen one day; one that may do anything does anything.',
  remediation: 'Give the workload a role by EKS Pod Identity, with the actions it needs on the resources it names.',
  kinds: ['aws:iam/*'],
  checkResource: (resource) => {
    if (LASTING.includes(resource.type))
      return [
        violation(workloadIdentity, resource, {
          property: '',
          found: kindOf(resource),
          expected: 'a role that a workload takes on',
        }),
      ];
    return [...documents(resource), ...administrator(resource), ...trust(resource)];
  },
};

/** Policies that a resource of IAM holds, by where they stand. */
function documents(resource: Resource): readonly Violation[] {
  const inline = at(resource, 'inlinePolicies');
  const paths: readonly (readonly string[])[] = [
    ['policy'],
    ...(Array.isArray(inline) ? inline.map((_, index) => ['inlinePolicies', String(index), 'policy']) : []),
  ];
  return paths.flatMap((path) =>
    statementsOf(resource, ...path)
      .filter((statement) => statement !== UNKNOWN)
      .filter(allowsAll)
      .map((found) =>
        violation(workloadIdentity, resource, { property: path.join('.'), found, expected: 'actions and resources by name' }),
      ),
  );
}

function allowsAll({ Effect, Action, NotAction, Resource: on }: Readonly<Record<string, unknown>>): boolean {
  const everything = texts(Action).some((action) => action === '*' || action === '*:*') || NotAction !== undefined;
  return Effect === 'Allow' && everything && texts(on).includes('*');
}

const administrator = (resource: Resource): readonly Violation[] =>
  /\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/.test(String(at(resource, 'policyArn')?.toString()))
    ? [
        violation(workloadIdentity, resource, {
          property: 'policyArn',
          found: at(resource, 'policyArn'),
          expected: 'a policy of named actions',
        }),
      ]
    : [];

/** A role that anyone may take on is a key without an owner. */
const trust = (resource: Resource): readonly Violation[] =>
  statementsOf(resource, 'assumeRolePolicy')
    .filter((statement) => statement !== UNKNOWN)
    .filter((statement) => statement['Effect'] === 'Allow' && anyone(statement))
    .map((found) =>
      violation(workloadIdentity, resource, { property: 'assumeRolePolicy', found, expected: 'a principal by name' }),
    );
