import type { Amount, Field, Predicate, Scalar, Variable } from './expression.ts';
import { POD_PATHS } from './pods.ts';

/** A named part of an admission policy; later ones and the validation refer to it as `variables.<name>`. */
export interface CelVariable {
  readonly name: string;
  readonly expression: string;
}

export interface CelExpression {
  readonly expression: string;
  /** In the order they need one another. */
  readonly variables: readonly CelVariable[];
}

/**
 * The predicate in the Common Expression Language, as a ValidatingAdmissionPolicy (Kubernetes 1.30 and later) evaluates it.
 * The object is read as `dyn`, so that one expression fits kinds of different shapes; a missing field is an empty optional.
 */
export function toCel(predicate: Predicate): CelExpression {
  const used = new Set<string>();
  const expression = write(predicate, { names: new Map(), used });
  return { expression, variables: VARIABLES.filter(({ name }) => used.has(name)) };
}

interface Scope {
  readonly names: ReadonlyMap<Variable, string>;
  /** Variables of the policy that the text needs. */
  readonly used: Set<string>;
}

function write(predicate: Predicate, scope: Scope): string {
  switch (predicate.is) {
    case 'always':
      return String(predicate.value);
    case 'present':
      return `${value(predicate.field, scope)} != null`;
    case 'equals':
      return `${value(predicate.field, scope)} == ${literal(predicate.value)}`;
    case 'oneOf':
      return `${value(predicate.field, scope)} in [${predicate.values.map(literal).join(', ')}]`;
    case 'matches':
      return `(${value(predicate.field, scope)} != null && ${text(predicate.field, scope)}.matches(${literal(predicate.pattern)}))`;
    case 'same': {
      const both = [predicate.left, predicate.right];
      return `(${both.map((field) => `${value(field, scope)} != null`).join(' && ')} && ${both.map((field) => text(field, scope)).join(' == ')})`;
    }
    case 'compare':
      return `${amount(predicate.left, scope)} ${predicate.relation} ${amount(predicate.right, scope)}`;
    case 'all':
      return joined(predicate.of, '&&', 'true', scope);
    case 'any':
      return joined(predicate.of, '||', 'false', scope);
    case 'not':
      return `!(${write(predicate.of, scope)})`;
    case 'implies':
      return `(!(${write(predicate.when, scope)}) || (${write(predicate.then, scope)}))`;
    case 'every':
    case 'some': {
      const name = `v${scope.names.size}`;
      const inner = { ...scope, names: new Map([...scope.names, [predicate.item, name]]) };
      const macro = predicate.is === 'every' ? 'all' : 'exists';
      return `${value(predicate.list, scope, '[]')}.${macro}(${name}, ${write(predicate.where, inner)})`;
    }
    case 'said':
      return write(predicate.of, scope);
  }
}

const joined = (parts: readonly Predicate[], operator: string, nothing: string, scope: Scope): string =>
  parts.length === 0 ? nothing : `(${parts.map((part) => write(part, scope)).join(` ${operator} `)})`;

/** The field's value, or `otherwise` where it is absent; as `dyn`, or the checker would take the value for a null. */
function value({ root, path }: Field, scope: Scope, otherwise = 'null'): string {
  const base = baseOf(root, scope);
  return path.length === 0 ? base : `${base}${steps(path)}.orValue(dyn(${otherwise}))`;
}

const text = (field: Field, scope: Scope): string => `string(${value(field, scope)})`;

function baseOf(root: Field['root'], { names, used }: Scope): string {
  if (typeof root !== 'string') {
    const name = names.get(root);
    if (name === undefined) throw new TypeError('an entry is used outside of its every or some');
    return name;
  }
  const name = root === 'object' ? 'self' : root;
  for (const needed of NEEDS[name]) used.add(needed);
  return `variables.${name}`;
}

const steps = (path: readonly string[]): string =>
  path.map((key) => (/^[A-Za-z_]\w*$/.test(key) && !RESERVED.has(key) ? `.?${key}` : `[?${literal(key)}]`)).join('');

/** A whole number, read from a number or from text; CEL has no such conversion that cannot fail, so the text is looked at first. */
function amount(of: Amount, scope: Scope): string {
  if (typeof of === 'number') return String(of);
  if ('sum' in of) return `(${of.sum.map((part) => amount(part, scope)).join(' + ')})`;
  if ('product' in of) return `(${of.product.map((part) => amount(part, scope)).join(' * ')})`;
  const number = text(of.field, scope);
  const whole = `${value(of.field, scope)} != null && ${number}.matches("^-?[0-9]{1,15}$")`;
  return `(${whole} ? int(${number}) : ${of.otherwise})`;
}

/** A CEL literal. JSON's escapes of text are CEL's too. */
const literal = (of: Scalar): string => JSON.stringify(of);

/** Words that CEL keeps for itself: they cannot be selected by a dot. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const NEEDS = {
  self: ['self'],
  pod: ['self', 'pod'],
  podMetadata: ['self', 'podMetadata'],
  containers: ['self', 'pod', 'containers'],
  allContainers: ['self', 'pod', 'containers', 'allContainers'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const byKind = (paths: Readonly<Record<string, readonly string[]>>, otherwise: readonly string[]): string =>
  Object.entries(paths).reduceRight(
    (rest, [kind, path]) => `variables.self.kind == ${literal(kind)} ? variables.self${steps(path)}.orValue(dyn({})) : (${rest})`,
    `variables.self${steps(otherwise)}.orValue(dyn({}))`,
  );

const ofTemplates = (name: string): string =>
  `variables.pod.?templates.orValue(dyn([])).filter(t, has(t.${name})).map(t, t.${name})`;

const VARIABLES: readonly CelVariable[] = [
  { name: 'self', expression: 'dyn(object)' },
  { name: 'pod', expression: byKind(POD_PATHS.spec, POD_PATHS.template) },
  { name: 'podMetadata', expression: byKind(POD_PATHS.metadata, POD_PATHS.templateMetadata) },
  {
    name: 'containers',
    expression: `variables.pod.?containers.orValue(dyn([])) + ${ofTemplates('container')} + ${ofTemplates('script')}`,
  },
  { name: 'allContainers', expression: 'variables.containers + variables.pod.?initContainers.orValue(dyn([]))' },
];
