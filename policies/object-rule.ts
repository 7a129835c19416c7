import { failures } from './evaluate.ts';
import type { ResourceRule } from './rule.ts';
import { violation } from './violation.ts';

type Declared = Omit<ResourceRule, 'checkResource' | 'object'> & { readonly object: NonNullable<ResourceRule['object']> };

/** A rule over one Kubernetes object: the preview's check is derived from the predicate, and so is the admission policy. */
export const objectRule = (declared: Declared): ResourceRule => ({
  ...declared,
  checkResource: (resource, context) =>
    failures(declared.object(context), resource.props).map((failure) => violation(declared, resource, failure)),
});
