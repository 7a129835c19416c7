import type { Resource } from './rule.ts';

/** Keys and indices from the props down; `undefined` as the value takes the last one away. */
export type Change = readonly [path: readonly (string | number)[], value: unknown];

/** A copy of a resource with other values. */
export const altered = (resource: Resource, ...changes: readonly Change[]): Resource => ({
  ...resource,
  props: changes.reduce<Resource['props']>(
    (props, [path, value]) => set(props, path, value) as Resource['props'],
    resource.props,
  ),
});

/** The same stack with one resource altered, found by its name. */
export const alteredIn = (stack: readonly Resource[], name: string, ...changes: readonly Change[]): readonly Resource[] => {
  if (!stack.some((resource) => resource.name === name)) throw new TypeError(`the sample has no resource '${name}'`);
  return stack.map((resource) => (resource.name === name ? altered(resource, ...changes) : resource));
};

export const without = (stack: readonly Resource[], name: string): readonly Resource[] => {
  if (!stack.some((resource) => resource.name === name)) throw new TypeError(`the sample has no resource '${name}'`);
  return stack.filter((resource) => resource.name !== name);
};

/** A change of one environment variable of a container, by its name; `undefined` takes it away. */
export const settingChange =
  (workload: Resource, container: Change[0]) =>
  (name: string, value: string | undefined): Change => {
    const holder = container.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], workload.props);
    const index = (holder as { readonly env: readonly { readonly name: string }[] }).env.findIndex(
      (entry) => entry.name === name,
    );
    if (index < 0) throw new TypeError(`the sample has no setting ${name}`);
    return [[...container, 'env', index, ...(value === undefined ? [] : ['value'])], value];
  };

function set(holder: unknown, [key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list = Array.isArray(holder) ? [...holder] : [];
    if (rest.length === 0 && value === undefined) list.splice(key, 1);
    else list[key] = set(list[key], rest, value);
    return list;
  }
  const { [key]: inner, ...others } = (holder ?? {}) as Readonly<Record<string, unknown>>;
  return rest.length === 0 && value === undefined ? others : { ...others, [key]: set(inner, rest, value) };
}
