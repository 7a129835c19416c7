/**
 * What must hold of one Kubernetes object, as data. One value is read twice: evaluate.ts judges a previewed resource, cel.ts
 * writes the same for the API server. Absent and null are one; a test of an absent field is false, `every` of an absent list true.
 */
export type Predicate =
  | { readonly is: 'always'; readonly value: boolean }
  | { readonly is: 'present'; readonly field: Field }
  | { readonly is: 'equals'; readonly field: Field; readonly value: Scalar }
  | { readonly is: 'oneOf'; readonly field: Field; readonly values: readonly string[] }
  | { readonly is: 'matches'; readonly field: Field; readonly pattern: string }
  | { readonly is: 'same'; readonly left: Field; readonly right: Field }
  | { readonly is: 'compare'; readonly left: Amount; readonly relation: Relation; readonly right: Amount }
  | { readonly is: 'all' | 'any'; readonly of: readonly Predicate[] }
  | { readonly is: 'not'; readonly of: Predicate }
  | { readonly is: 'implies'; readonly when: Predicate; readonly then: Predicate }
  | { readonly is: 'every' | 'some'; readonly list: Field; readonly item: Variable; readonly where: Predicate }
  | { readonly is: 'said'; readonly expected: string; readonly of: Predicate };

export type Scalar = string | number | boolean;
type Relation = '<' | '<=' | '==' | '>=' | '>';

/**
 * Where paths begin. `object` is the object itself; `pod` the pod's spec wherever the kind keeps it (an empty one where it has
 * none); `podMetadata` the pod's labels and annotations; `containers` its containers, `allContainers` with the init containers.
 */
export type Root = 'object' | 'pod' | 'podMetadata' | 'containers' | 'allContainers';

/** Stands for one entry of a list inside `every` or `some`. */
export interface Variable {
  readonly variable: true;
}

export interface Field {
  readonly root: Root | Variable;
  readonly path: readonly string[];
  /** A field below this one. A name may hold any characters. */
  readonly at: (...path: readonly string[]) => Field;
}

/** A whole number: a constant, a field (its default where absent or not a whole number), a sum or a product. */
export type Amount =
  | number
  | { readonly field: Field; readonly otherwise: number }
  | { readonly sum: readonly Amount[] }
  | { readonly product: readonly Amount[] };

const from = (root: Root | Variable, path: readonly string[]): Field => ({
  root,
  path,
  at: (...more) => from(root, [...path, ...more]),
});

export const object = from('object', []);
export const pod = from('pod', []);
export const podMetadata = from('podMetadata', []);
export const containers = from('containers', []);
export const allContainers = from('allContainers', []);
export const label = (name: string): Field => object.at('metadata', 'labels', name);
export const annotation = (name: string): Field => object.at('metadata', 'annotations', name);

export const always: Predicate = { is: 'always', value: true };
export const present = (field: Field): Predicate => ({ is: 'present', field });
export const equals = (field: Field, value: Scalar): Predicate => ({ is: 'equals', field, value });
/** The field's text is one of these. */
export const oneOf = (field: Field, values: readonly string[]): Predicate => ({ is: 'oneOf', field, values });
/** The field's text holds a match of the pattern: the part of the syntax that RE2 and JavaScript share; anchor it yourself. */
export const matches = (field: Field, pattern: RegExp): Predicate => ({ is: 'matches', field, pattern: pattern.source });
/** Both are there and their texts are equal. */
export const same = (left: Field, right: Field): Predicate => ({ is: 'same', left, right });
export const compare = (left: Amount, relation: Relation, right: Amount): Predicate => ({ is: 'compare', left, relation, right });
export const number = (field: Field, otherwise: number): Amount => ({ field, otherwise });
export const sum = (...amounts: readonly Amount[]): Amount => ({ sum: amounts });
export const product = (...amounts: readonly Amount[]): Amount => ({ product: amounts });
export const all = (...of: readonly Predicate[]): Predicate => ({ is: 'all', of });
export const any = (...of: readonly Predicate[]): Predicate => ({ is: 'any', of });
export const not = (of: Predicate): Predicate => ({ is: 'not', of });
export const implies = (when: Predicate, then: Predicate): Predicate => ({ is: 'implies', when, then });
/** Of each entry of a list, or of each key of a map. */
export const every = (list: Field, where: (item: Field) => Predicate): Predicate => quantified('every', list, where);
export const some = (list: Field, where: (item: Field) => Predicate): Predicate => quantified('some', list, where);
/** The same predicate; where it fails, this is what the message says was expected. */
export const said = (expected: string, of: Predicate): Predicate => ({ is: 'said', expected, of });

function quantified(is: 'every' | 'some', list: Field, where: (item: Field) => Predicate): Predicate {
  const item: Variable = { variable: true };
  return { is, list, item, where: where(from(item, [])) };
}
