/** Stands where a preview cannot know a value yet: it depends on a resource that is not there. */
export const UNKNOWN: unique symbol = Symbol('known after apply');

export interface Reading {
  readonly props: Readonly<Record<string, unknown>>;
  /** Paths of the unknown values, e.g. `spec.template.spec.containers[0].image`. */
  readonly unknowns: readonly string[];
}

/**
 * A plain copy of what the engine hands over. Its proxy throws when an unknown value is read; here each read is tried
 * alone, so that one unknown value does not hide the others.
 */
export function readProps(source: object): Reading {
  const unknowns: string[] = [];
  const copy = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(value, index, `${path}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key, joined(path, key))]));
  };
  const read = (holder: object, key: string | number, path: string): unknown => {
    try {
      return copy((holder as Record<string | number, unknown>)[key], path);
    } catch (fault) {
      if (!isUnknownFault(fault)) throw fault;
      unknowns.push(path);
      return UNKNOWN;
    }
  };
  return { props: copy(source, '') as Record<string, unknown>, unknowns };
}

/** `a.b`, and `a["b/c"]` where a key is not a plain word. */
export const joined = (path: string, key: string): string =>
  /^[A-Za-z_$][\w$-]*$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}["${key}"]`;

/** Whether a violation stands on a value that is not known yet: at it, above it or below it. */
export const restsOnUnknown = (property: string, unknowns: readonly string[]): boolean =>
  unknowns.some((unknown) => inside(property, unknown) || (property !== '' && inside(unknown, property)));

const inside = (path: string, holder: string): boolean =>
  path === holder || path.startsWith(`${holder}.`) || path.startsWith(`${holder}[`);

const isUnknownFault = (fault: unknown): boolean => fault instanceof Error && /can't be known during preview/.test(fault.message);
