import { classesOf, manifestEntries, type ViewEntry, viewEntries } from '../manifest-data.ts';
import { usecaseOf } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

export const lawfulFeatures: StackRule = {
  id: 'D10',
  name: 'features-lawful-features',
  layer: 'features',
  severity: 'mandatory',
  title: 'Sensitive and proxy attributes are no features unless a lawful basis is named and approved',
  control: ['GDPR Art. 9', 'GDPR Art. 22', 'NIST AI RMF MEASURE 2.11'],
  reason: 'Profiling without a basis is forbidden, and a proxy profiles as well as what it stands for.',
  remediation: 'Drop the feature, or name `lawfulBasis` with who approved it and when.',
  kinds: ['kubernetes:core/v1:ConfigMap'],
  checkStack: (resources, context) => viewEntries(resources).flatMap((view) => judge(view, resources, context)),
};

function judge(
  { resource, usecase, path, document }: ViewEntry,
  resources: readonly Resource[],
  context: Context,
): readonly Violation[] {
  const schemas = manifestEntries(resources, 'schemas').filter((schema) => usecaseOf(schema.resource) === usecase);
  const source = schemas.find(({ key }) => key === document?.['source']);
  const classes = classesOf(source?.document);
  const features = Object.entries((document?.['features'] as Record<string, unknown> | undefined) ?? {});
  if (isLawful(document?.['lawfulBasis'], context.now)) return [];
  return features.flatMap(([feature, fields]) =>
    [fields]
      .flat()
      .map(String)
      .filter((field) => {
        const of = classes[field];
        return of !== undefined && (of.class === 'sensitive' || of.class === 'pii' || of.proxy);
      })
      .map((field) =>
        violation(lawfulFeatures, resource, {
          property: path,
          found: `feature ${feature} of field ${field}, class ${classes[field]?.class}${classes[field]?.proxy ? ', a proxy' : ''}`,
          expected: 'a public or internal field, or a lawfulBasis with basis, approvedBy and approvedAt',
        }),
      ),
  );
}

/** A basis in words, by someone, not in the future. */
function isLawful(basis: unknown, now: Date): boolean {
  if (typeof basis !== 'object' || basis === null) return false;
  const { basis: words, approvedBy, approvedAt } = basis as Record<string, unknown>;
  const at = Date.parse(String(approvedAt));
  return [words, approvedBy].every((text) => typeof text === 'string' && text.trim().length > 2) && at <= now.getTime();
}
