import type { Violation } from './rule.ts';
import { appliesTo, type Context, isStackRule, type Resource, type ResourceRule, type Rule, type StackRule } from './rule.ts';
import { restsOnUnknown } from './unknown.ts';
import { type Waiver, waiverFor } from './waivers.ts';

export interface Finding {
  readonly rule: Rule;
  readonly violation: Violation;
  readonly level: 'mandatory' | 'advisory';
  /** Violation's message, and why it is only advice where it would not be otherwise. */
  readonly message: string;
}

/** How strict a rule is in an environment. */
export const levelOf = (rule: Rule, { environment }: Pick<Context, 'environment'>): Finding['level'] =>
  rule.relaxedInDev === true && environment === 'dev' ? 'advisory' : rule.severity;

/** What a rule over single resources finds at one of them. */
export const judgeResource = (
  rule: ResourceRule,
  resource: Resource,
  context: Context,
  waivers: readonly Waiver[] = [],
): readonly Finding[] =>
  appliesTo(rule, resource.type)
    ? rule.checkResource(resource, context).map((violation) => weigh(rule, violation, [resource], context, waivers))
    : [];

/** What a rule over whole stacks finds. */
export const judgeTogether = (
  rule: StackRule,
  resources: readonly Resource[],
  context: Context,
  waivers: readonly Waiver[] = [],
): readonly Finding[] =>
  rule.checkStack(resources, context).map((violation) => weigh(rule, violation, resources, context, waivers));

/** Everything that rules find in a stack. */
export const judgeStack = (
  rules: readonly Rule[],
  resources: readonly Resource[],
  context: Context,
  waivers: readonly Waiver[] = [],
): readonly Finding[] =>
  rules.flatMap((rule) =>
    isStackRule(rule)
      ? judgeTogether(rule, resources, context, waivers)
      : resources.flatMap((resource) => judgeResource(rule, resource, context, waivers)),
  );

function weigh(
  rule: Rule,
  violation: Violation,
  resources: readonly Resource[],
  context: Context,
  waivers: readonly Waiver[],
): Finding {
  const level = levelOf(rule, context);
  const softened = (why: string): Finding => ({ rule, violation, level: 'advisory', message: `${violation.message} ${why}` });
  const waiver = waiverFor(waivers, rule, { name: violation.resource }, context.now);
  if (waiver !== undefined) return softened(`Waived by ${waiver.owner} until ${waiver.expires}: ${waiver.reason}`);
  const resource = resources.find(({ urn, name }) =>
    violation.urn === undefined ? name === violation.resource : urn === violation.urn,
  );
  if (rule.unknown !== 'refuse' && resource !== undefined && restsOnUnknown(violation.property, resource.unknowns ?? [])) {
    return softened('The value is not known before the update, which judges it again.');
  }
  return { rule, violation, level, message: violation.message };
}
