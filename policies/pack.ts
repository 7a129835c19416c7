import type {
  Policies,
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';
import { type Finding, judgeResource, judgeTogether, levelOf } from './judge.ts';
import { type Context, isStackRule, type Resource, type Rule } from './rule.ts';
import { readProps } from './unknown.ts';
import { hasExpired, type Waiver } from './waivers.ts';

/** One policy of the engine for each rule, and one that holds the waivers to their dates. */
export const policiesOf = (rules: readonly Rule[], context: Context, waivers: readonly Waiver[]): Policies => [
  ...rules.map((rule) => policyOf(rule, context, waivers)),
  waiversInForce(context, waivers),
];

function policyOf(rule: Rule, context: Context, waivers: readonly Waiver[]): ResourceValidationPolicy | StackValidationPolicy {
  const text = {
    name: rule.name,
    description: `${rule.id} ${rule.title}.`,
    enforcementLevel: levelOf(rule, context),
    severity: rule.severity === 'mandatory' ? ('high' as const) : ('medium' as const),
    remediationSteps: rule.remediation,
    tags: [rule.id, rule.layer, ...rule.control],
  };
  if (isStackRule(rule)) {
    return {
      ...text,
      validateStack: ({ resources }, report) => {
        for (const finding of judgeTogether(rule, resources.map(resourceOf), context, waivers)) tell(finding, text, report);
      },
    };
  }
  return {
    ...text,
    validateResource: (args, report) => {
      for (const finding of judgeResource(rule, resourceOf(args), context, waivers)) tell(finding, text, report);
    },
  };
}

const waiversInForce = ({ now }: Context, waivers: readonly Waiver[]): StackValidationPolicy => ({
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
 * A violation that is waived, or that rests on a value not known yet, is advice though its policy is mandatory. The engine's
 * protocol carries a level with each violation; the library takes it in place of the message, which its types leave out.
 */
function tell(
  { violation, level, message }: Finding,
  { enforcementLevel }: { enforcementLevel: string },
  report: ReportViolation,
) {
  if (level === enforcementLevel) report(message, violation.urn);
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
