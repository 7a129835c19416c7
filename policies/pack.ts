import type {
  Policies,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';
import { type Finding, judgeResource, judgeTogether } from './judge.ts';
import { appliesTo, type Context, isStackRule, type Resource, type Rule } from './rule.ts';
import { readProps } from './unknown.ts';
import { hasExpired, type Waiver } from './waivers.ts';

/** What rules know of the stack of a name, or why nothing can be known. Asked once for each stack. */
export type ContextOf = (stack: string) => Context | { readonly fault: string };

/**
 * One policy of the engine for each rule, one that refuses to judge a stack by settings that do not hold, and one that holds
 * the waivers to their dates. A pack is told its stack by the resources alone, when they come.
 */
export const policiesOf = (rules: readonly Rule[], contextOf: ContextOf, waivers: readonly Waiver[], now: Date): Policies => [
  ...rules.map((rule) => policyOf(rule, contextOf, waivers)),
  settingsHold(contextOf),
  waiversInForce(waivers, now),
];

const stackOf = (urn: string): string => urn.split(':')[2] ?? '';

function policyOf(
  rule: Rule,
  contextOf: ContextOf,
  waivers: readonly Waiver[],
): ResourceValidationPolicy | StackValidationPolicy {
  const text = {
    name: rule.name,
    description: `${rule.id} ${rule.title}.`,
    enforcementLevel: rule.severity,
    severity: rule.severity === 'mandatory' ? ('high' as const) : ('medium' as const),
    remediationSteps: rule.remediation,
    tags: [rule.id, rule.layer, ...rule.control],
  };
  const tellAll = (findings: readonly Finding[], report: ReportViolation) => {
    for (const finding of findings) tell(finding, rule.severity, report);
  };
  if (isStackRule(rule)) {
    return {
      ...text,
      validateStack: ({ resources }, report) => {
        const context = contextOf(stackOf(resources[0]?.urn ?? ''));
        if (!('fault' in context)) tellAll(judgeTogether(rule, resources.map(resourceOf), context, waivers), report);
      },
    };
  }
  return {
    ...text,
    validateResource: (args, report) => {
      const context = contextOf(stackOf(args.urn));
      if ('fault' in context || !appliesTo(rule, args.type)) return;
      tellAll(judgeResource(rule, resourceOf(args), context, waivers), report);
    },
  };
}

const settingsHold = (contextOf: ContextOf): StackValidationPolicy => ({
  name: 'governance-policy-settings',
  description: 'The policies know the environment, and their settings are as declared.',
  enforcementLevel: 'mandatory',
  validateStack: ({ resources }, report) => {
    const context = contextOf(stackOf(resources[0]?.urn ?? ''));
    if ('fault' in context) report(context.fault);
  },
});

const waiversInForce = (waivers: readonly Waiver[], now: Date): StackValidationPolicy => ({
  name: 'governance-waivers',
  description: 'A waiver ends with its last day.',
  enforcementLevel: 'mandatory',
  validateStack: (_, report) => {
    for (const waiver of waivers.filter((one) => hasExpired(one, now))) {
      report(
        `policies/waivers.json: the waiver of ${waiver.rule} for '${waiver.resource}' ended with ${waiver.expires}. ` +
          `Expected no entry past its day. Mend the resource, or let ${waiver.owner} renew the waiver with a reason.`,
      );
    }
  },
});

/**
 * A violation that is waived, that is relaxed in dev, or that rests on a value not known yet, is advice though its policy is
 * mandatory. The engine's protocol carries a level with each violation; the library takes it in place of the message, which
 * its types leave out.
 */
function tell({ violation, level, message }: Finding, nominal: Rule['severity'], report: ReportViolation): void {
  if (level === nominal) report(message, violation.urn);
  else report({ message, urn: violation.urn, enforcementLevel: level } as unknown as string, violation.urn);
}

function resourceOf(args: ResourceValidationArgs | PolicyResource): Resource {
  const { props, unknowns } = readProps(args.props);
  const parent = typeof args.opts.parent === 'string' ? args.opts.parent : undefined;
  return {
    type: args.type,
    name: args.name,
    urn: args.urn,
    props,
    unknowns,
    protect: args.opts.protect,
    ...(parent !== undefined && { parent }),
  };
}
