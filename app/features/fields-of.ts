import type { Expression, FeatureView } from '../usecases/feature.ts';

/** The event's fields that the view's expressions read, the where clauses' included. */
export function fieldsOf(view: FeatureView): ReadonlySet<string> {
  const fields = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.op === 'ratio') {
      visit(expression.of);
      visit(expression.to);
      return;
    }
    if (expression.field !== undefined) fields.add(expression.field);
    for (const { field } of expression.where) fields.add(field);
  };
  for (const { expression } of Object.values(view.features)) visit(expression);
  return fields;
}
