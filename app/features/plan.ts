import type { Micros } from '../clock/port.ts';
import type { Aggregate, Condition, Expression, Feature, FeatureView } from '../usecases/feature.ts';
import type { FieldType } from '../usecases/field.ts';
import { micros } from '../usecases/window.ts';
import { featureError } from './errors.ts';

/**
 * A view, made ready to run: each distinct aggregate is one slot, each distinct where clause one bit, each field read by
 * a slot one column. SQL, stream state and row bytes all follow the plan, so they agree on what there is to compute.
 */
export interface Plan {
  readonly view: FeatureView;
  readonly columns: readonly Column[];
  readonly filters: readonly (readonly Condition[])[];
  readonly slots: readonly Slot[];
  readonly outputs: readonly Output[];
  /** The longest window of any slot. */
  readonly longest: Micros;
  /** How far an event time may be ahead of the clock: no evaluation is older than the newest event minus this. */
  readonly maxAhead: Micros;
  /** Some slot depends on the order of events, so their ids are kept. */
  readonly ordered: boolean;
}

export interface Column {
  readonly field: string;
  readonly type: FieldType;
}

export interface Slot {
  readonly op: Aggregate['op'];
  /** Index into `columns`; -1 for count. */
  readonly column: number;
  /** Index into `filters`; -1 where every event counts. */
  readonly filter: number;
  readonly window: Micros;
  /** How many values an ordered slot keeps: 1 for last, n for lastN, else 0. */
  readonly keeps: number;
  readonly type: FieldType | undefined;
}

export interface Output {
  readonly name: string;
  readonly feature: Feature;
  readonly tree: Tree;
}

/** A slot, or a quotient of two trees. */
export type Tree = { readonly slot: number } | { readonly of: Tree; readonly to: Tree };

const MAX_FILTERS = 31;
const MAX_LAST = 1000;
const plans = new WeakMap<FeatureView, Plan>();

/** The view's plan, made once. @throws MR_FEATURES_VIEW_INVALID where the definition cannot be computed. */
export function planOf(view: FeatureView): Plan {
  const known = plans.get(view);
  if (known !== undefined) return known;
  const plan = makePlan(view);
  plans.set(view, plan);
  return plan;
}

function makePlan(view: FeatureView): Plan {
  const columns = new Interned<Column>();
  const filters = new Interned<readonly Condition[]>();
  const slots = new Interned<Slot>();
  checkEntity(view);

  const column = (feature: string, field: string): Column => {
    const found = view.source.fields[field];
    if (found === undefined) throw invalid(view, feature, field, `a field of the event '${view.source.name}'`);
    if (found.class === 'pii' && !found.subject)
      throw invalid(view, feature, field, 'a field that is not encrypted (class pii is)');
    return { field, type: found.type };
  };
  const slot = (feature: string, aggregate: Aggregate): Slot => {
    const { field, n } = aggregate;
    if (n !== undefined && !(Number.isInteger(n) && n >= 1 && n <= MAX_LAST))
      throw invalid(view, feature, n, `1 to ${MAX_LAST} values`);
    for (const { field: tested } of aggregate.where) column(feature, tested);
    const read = field === undefined ? undefined : column(feature, field);
    return {
      op: aggregate.op,
      column: read === undefined ? -1 : columns.index(read),
      filter: aggregate.where.length === 0 ? -1 : filters.index(aggregate.where),
      window: micros(aggregate.over),
      keeps: aggregate.op === 'last' ? 1 : aggregate.op === 'lastN' ? (n ?? 1) : 0,
      type: read?.type,
    };
  };
  const tree = (feature: string, expression: Expression): Tree =>
    expression.op === 'ratio'
      ? { of: tree(feature, expression.of), to: tree(feature, expression.to) }
      : { slot: slots.index(slot(feature, expression)) };

  const outputs = Object.entries(view.features).map(([name, feature]) => ({
    name,
    feature,
    tree: tree(name, feature.expression),
  }));
  if (filters.values.length > MAX_FILTERS)
    throw invalid(view, 'where', filters.values.length, `at most ${MAX_FILTERS} different where clauses`);
  return {
    view,
    columns: columns.values,
    filters: filters.values,
    slots: slots.values,
    outputs,
    longest: Math.max(0, ...slots.values.map(({ window }) => window)),
    maxAhead: micros(view.source.rules.maxAhead),
    ordered: slots.values.some(({ keeps }) => keeps > 0),
  };
}

/** The log keeps the order of one key only, so an entity must be the key: its events then lie in one partition. */
function checkEntity(view: FeatureView): void {
  if (view.entity.joinKey === view.source.key) return;
  throw invalid(view, 'entity', view.entity.joinKey, `'${view.source.key}', the key of the event '${view.source.name}'`);
}

const invalid = (view: FeatureView, feature: string, value: unknown, expected: string) =>
  featureError('MR_FEATURES_VIEW_INVALID', `${view.name}.${feature}: found ${JSON.stringify(value)}, expected ${expected}`, {
    field: `${view.name}.${feature}`,
    value,
    expected,
  });

/** Values in order of first sight, equal ones once. */
class Interned<T> {
  readonly values: T[] = [];
  readonly #indexes = new Map<string, number>();

  index(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#indexes.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}
