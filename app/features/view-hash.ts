import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { AnyView, Condition, Expression, FeatureView } from '../usecases/feature.ts';
import { micros } from '../usecases/window.ts';
import { compareCodePoints } from './code-points.ts';
import { fieldsOf } from './fields-of.ts';

/** Version of the meaning of definitions: a change of how an expression is computed raises it. */
const SEMANTICS = 1;

/**
 * SHA-256 (hex) of what the view computes. Changes when and only when a value could: not with the owner, the order of
 * features or conditions, or another spelling of a window ('60m' is '1h'); but with a fallback, which the model reads.
 */
export function viewHash(view: AnyView): string {
  return createHash('sha256')
    .update(canonicalJson(definition(view)))
    .digest('hex');
}

/** Where the online store keeps the view's rows: a changed definition fills its own rows beside the old ones'. */
export function onlineName(view: FeatureView): string {
  const known = names.get(view) ?? `${view.name}@${viewHash(view).slice(0, 12)}`;
  names.set(view, known);
  return known;
}

const names = new WeakMap<FeatureView, string>();

/** Under which name the online store keeps the offsets that the view's rows hold. */
export const consumerName = (view: FeatureView): string => `features/${onlineName(view)}`;

function definition(view: AnyView): unknown {
  const { kind, name, entity } = view;
  const common = { semantics: SEMANTICS, kind, name, entity: { name: entity.name, joinKey: entity.joinKey } };
  if (view.kind === 'embedding')
    return { ...common, feature: view.feature, dimensions: view.dimensions, minSupport: view.minSupport };
  const { source } = view;
  return {
    ...common,
    source: {
      ...{ name: source.name, id: source.id, time: source.time, key: source.key },
      maxAhead: micros(source.rules.maxAhead),
      types: Object.fromEntries([...fieldsOf(view)].map((field) => [field, source.fields[field]?.type])),
    },
    features: Object.fromEntries(
      Object.entries(view.features).map(([feature, { type, fallback, expression }]) => [
        feature,
        { type, fallback, expression: meaning(expression) },
      ]),
    ),
  };
}

function meaning(expression: Expression): unknown {
  if (expression.op === 'ratio') return { op: 'ratio', of: meaning(expression.of), to: meaning(expression.to) };
  const where = expression.where.map(condition).map(canonicalJson).sort(compareCodePoints);
  return { op: expression.op, field: expression.field, n: expression.n, where, over: micros(expression.over) };
}

const condition = (test: Condition): unknown =>
  test.test === 'in' ? { ...test, values: test.values.map((value) => JSON.stringify(value)).sort(compareCodePoints) } : test;
