import type { Amount, Field, Predicate, Variable } from './expression.ts';
import { containersOf, entries, follow, type Located, podMetadata, podSpec } from './pods.ts';
import { joined } from './unknown.ts';

type KubernetesObject = Readonly<Record<string, unknown>>;

/** A place where a predicate does not hold. */
export interface Failure {
  readonly property: string;
  readonly found: unknown;
  readonly expected: string;
}

interface Scope {
  readonly object: KubernetesObject;
  readonly items: ReadonlyMap<Variable, Located>;
}

/** Whether the predicate holds of the object. */
export const holds = (predicate: Predicate, object: KubernetesObject): boolean =>
  judge(predicate, { object, items: new Map() }).length === 0;

/** Every place where it does not; empty where it holds. */
export const failures = (predicate: Predicate, object: KubernetesObject): readonly Failure[] => {
  const found = judge(predicate, { object, items: new Map() });
  return found.filter(({ property }, index) => found.findIndex((other) => other.property === property) === index);
};

function judge(predicate: Predicate, scope: Scope): readonly Failure[] {
  const fails = (failed: boolean, at: Located, expected: string): readonly Failure[] =>
    failed ? [{ property: at.path, found: at.value, expected }] : [];
  switch (predicate.is) {
    case 'always':
      return fails(!predicate.value, { value: scope.object, path: '' }, 'nothing of this kind');
    case 'present': {
      const at = resolve(predicate.field, scope);
      return fails(absent(at.value), at, 'a value');
    }
    case 'equals': {
      const at = resolve(predicate.field, scope);
      return fails(at.value !== predicate.value, at, JSON.stringify(predicate.value));
    }
    case 'oneOf': {
      const at = resolve(predicate.field, scope);
      return fails(!predicate.values.some((value) => value === at.value), at, `one of ${predicate.values.join(', ')}`);
    }
    case 'matches': {
      const at = resolve(predicate.field, scope);
      const text = textOf(at.value);
      return fails(text === undefined || !new RegExp(predicate.pattern, 'u').test(text), at, `text like ${predicate.pattern}`);
    }
    case 'same': {
      const [left, right] = [resolve(predicate.left, scope), resolve(predicate.right, scope)];
      const equal = textOf(left.value) !== undefined && textOf(left.value) === textOf(right.value);
      return fails(!equal, left, `the value at ${right.path}`);
    }
    case 'compare': {
      const [left, right] = [amount(predicate.left, scope), amount(predicate.right, scope)];
      return fails(!RELATIONS[predicate.relation](left, right), placeOf(predicate.left, scope), `${predicate.relation} ${right}`);
    }
    case 'all':
      return predicate.of.flatMap((part) => judge(part, scope));
    case 'any': {
      const parts = predicate.of.map((part) => judge(part, scope));
      return parts.some((part) => part.length === 0) ? [] : (parts[0] ?? fails(true, { value: undefined, path: '' }, 'nothing'));
    }
    case 'not':
      return judge(predicate.of, scope).length > 0 ? [] : [opposite(predicate.of, scope)];
    case 'implies':
      return judge(predicate.when, scope).length > 0 ? [] : judge(predicate.then, scope);
    case 'every':
      return itemsOf(predicate.list, scope).flatMap((item) => judge(predicate.where, within(scope, predicate.item, item)));
    case 'some': {
      const met = itemsOf(predicate.list, scope).some(
        (item) => judge(predicate.where, within(scope, predicate.item, item)).length === 0,
      );
      const { path } = resolve(predicate.list, scope);
      const items = itemsOf(predicate.list, scope);
      return fails(
        !met,
        { value: items.length === 0 ? undefined : `${items.length} entries, none of which fits`, path },
        'an entry that fits',
      );
    }
    case 'said':
      return judge(predicate.of, scope).map((failure) => ({ ...failure, expected: predicate.expected }));
  }
}

/** Where a predicate that should not hold does. */
function opposite(predicate: Predicate, scope: Scope): Failure {
  if (predicate.is === 'some') {
    for (const item of itemsOf(predicate.list, scope)) {
      const inner = within(scope, predicate.item, item);
      if (judge(predicate.where, inner).length === 0)
        return { property: item.path, found: item.value, expected: 'no such entry' };
    }
  }
  if (predicate.is === 'all' || predicate.is === 'any') {
    const met = predicate.of.find((part) => judge(part, scope).length === 0);
    if (met !== undefined) return opposite(met, scope);
  }
  if (predicate.is === 'said') return opposite(predicate.of, scope);
  if (predicate.is === 'same') return opposite({ is: 'present', field: predicate.left }, scope);
  if ('field' in predicate) {
    const at = resolve(predicate.field, scope);
    return { property: at.path, found: at.value, expected: 'another value' };
  }
  return { property: '', found: scope.object['kind'], expected: 'the opposite' };
}

const RELATIONS = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '>=': (a: number, b: number) => a >= b,
  '>': (a: number, b: number) => a > b,
};

function resolve(field: Field, scope: Scope): Located {
  return follow(start(field, scope), field.path);
}

function start({ root }: Field, { object, items }: Scope): Located {
  if (typeof root !== 'string') return items.get(root) ?? { value: undefined, path: '' };
  if (root === 'object') return { value: object, path: '' };
  if (root === 'podMetadata') return podMetadata(object);
  if (root === 'pod') return podSpec(object);
  return {
    value: containersOf(object, root === 'containers' ? 'main' : 'all').map(({ value }) => value),
    path: joined(podSpec(object).path, 'containers'),
  };
}

function itemsOf(list: Field, scope: Scope): readonly Located[] {
  if (list.root === 'containers') return containersOf(scope.object, 'main');
  if (list.root === 'allContainers') return containersOf(scope.object, 'all');
  return entries(resolve(list, scope));
}

const within = (scope: Scope, variable: Variable, item: Located): Scope => ({
  ...scope,
  items: new Map([...scope.items, [variable, item]]),
});

const WHOLE = /^-?[0-9]{1,15}$/;

function amount(of: Amount, scope: Scope): number {
  if (typeof of === 'number') return of;
  if ('sum' in of) return of.sum.reduce<number>((total, part) => total + amount(part, scope), 0);
  if ('product' in of) return of.product.reduce<number>((total, part) => total * amount(part, scope), 1);
  const text = textOf(resolve(of.field, scope).value);
  return text !== undefined && WHOLE.test(text) ? Number(text) : of.otherwise;
}

function placeOf(of: Amount, scope: Scope): Located {
  if (typeof of === 'number') return { value: of, path: '' };
  if ('sum' in of) return placeOf(of.sum[0] ?? 0, scope);
  if ('product' in of) return placeOf(of.product[0] ?? 0, scope);
  return resolve(of.field, scope);
}

const absent = (value: unknown): boolean => value === undefined || value === null;

/** A scalar as text, as CEL's `string()` writes it. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
