import { Environment } from '@marcbachmann/cel-js';
import type { Admission } from '../../policies/admission.ts';
import { apiKind } from '../../policies/kinds.ts';

type KubernetesObject = Readonly<Record<string, unknown>>;
interface Spec {
  readonly matchConstraints: {
    readonly resourceRules: readonly {
      readonly apiGroups: readonly string[];
      readonly apiVersions: readonly string[];
      readonly resources: readonly string[];
    }[];
  };
  readonly matchConditions: readonly { readonly expression: string }[];
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly { readonly expression: string }[];
}

const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('object', 'dyn')
  .registerVariable('request', 'dyn')
  .registerVariable('variables', 'dyn');

/**
 * An admission policy as a function: undefined where it is not about the object, else whether it admits it. Variables are
 * worked out in their order, as the API server does.
 */
export function gateOf({ policy }: Admission, username = 'an-engineer'): (object: KubernetesObject) => boolean | undefined {
  const spec = policy.spec as unknown as Spec;
  const conditions = spec.matchConditions.map(({ expression }) => environment.parse(expression));
  const variables = spec.variables.map(({ name, expression }) => ({ name, run: environment.parse(expression) }));
  const validations = spec.validations.map(({ expression }) => environment.parse(expression));
  const request = { userInfo: { username } };
  return (object) => {
    if (!isAbout(spec, object) || !conditions.every((condition) => condition({ object, request }) === true)) return undefined;
    const known: Record<string, unknown> = {};
    for (const { name, run } of variables) known[name] = run({ object, variables: known });
    return validations.every((validation) => validation({ object, variables: known }) === true);
  };
}

function isAbout({ matchConstraints }: Spec, object: KubernetesObject): boolean {
  const apiVersion = String(object['apiVersion']);
  const kind = apiKind(`kubernetes:${apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`}:${String(object['kind'])}`);
  const among = (values: readonly string[], value: string | undefined) =>
    value !== undefined && (values.includes(value) || values.includes('*'));
  return matchConstraints.resourceRules.some(
    ({ apiGroups, apiVersions, resources }) =>
      among(apiGroups, kind?.group) && among(apiVersions, kind?.version) && among(resources, kind?.resource),
  );
}
