import { failures } from './evaluate.ts';
import { appliesTo, type Context, type Resource, type ResourceRule, type Rule, type StackRule, type Violation } from './rule.ts';
import { violation } from './violation.ts';

type WithObject<R extends Rule> = R & { readonly object: NonNullable<Rule['object']> };

const judged = (rule: WithObject<Rule> | Omit<WithObject<ResourceRule>, 'checkResource'>, resource: Resource, context: Context) =>
  failures(rule.object(context), resource.props).map((failure): Violation => violation(rule, resource, failure));

/** A rule over one Kubernetes object: the preview's check is derived from the predicate, and so is the admission policy. */
export const objectRule = (declared: Omit<WithObject<ResourceRule>, 'checkResource'>): ResourceRule => ({
  ...declared,
  checkResource: (resource, context) => judged(declared, resource, context),
});

/** A rule over the stack with a part that each object must meet alone; only that part can be asked at admission. */
export const objectAndStackRule = (declared: WithObject<StackRule>): StackRule => ({
  ...declared,
  checkStack: (resources, context) => [
    ...resources.filter(({ type }) => appliesTo(declared, type)).flatMap((resource) => judged(declared, resource, context)),
    ...declared.checkStack(resources, context),
  ],
});
