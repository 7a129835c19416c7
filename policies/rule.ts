import type { LAYERS } from '../app/layers.ts';
import type { Predicate } from './expression.ts';
import type { RegistryState } from './registry-state.ts';
import type { PolicySettings } from './settings.ts';

/** A resource as the engine hands it to a policy: for a Kubernetes kind, `props` is the whole object. */
export interface Resource {
  /** Pulumi token, e.g. `kubernetes:apps/v1:Deployment`, `kubernetes:kafka.strimzi.io/v1:KafkaTopic`, `aws:s3/bucket:Bucket`. */
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Inputs; where the preview cannot know a value yet, `UNKNOWN` (unknown.ts) stands in its place. */
  readonly props: Readonly<Record<string, unknown>>;
  /** Deleting it is refused by the engine. @default false */
  readonly protect?: boolean;
  /** URN of the component it belongs to. */
  readonly parent?: string;
  /** Paths of the values that are not known yet, e.g. `spec.template.spec.containers[0].image`. @default [] */
  readonly unknowns?: readonly string[];
}

export type Environment = 'dev' | 'staging' | 'prod';

/** What a rule may know besides the resources. */
export interface Context {
  readonly environment: Environment;
  readonly now: Date;
  readonly config: PolicySettings;
  /** The registry as the stack sees it: its signed snapshot, or why there is none to trust. Undefined where the stack names none. */
  readonly registry?: RegistryState;
}

export interface Violation {
  /** Name of the resource, as the program gave it. */
  readonly resource: string;
  /** Where in its props; empty for the whole resource. */
  readonly property: string;
  /** `UNKNOWN` where the value is not known yet. */
  readonly found: unknown;
  readonly expected: string;
  readonly message: string;
  /** URN of the resource; the stack's own faults have none. */
  readonly urn?: string;
}

interface RuleText {
  /** Id in the catalogue, e.g. `K03`. */
  readonly id: string;
  /** `<layer>-<file>`, the name that the engine prints: `governance-pinned-image` is `policies/governance/pinned-image.ts`. */
  readonly name: string;
  readonly layer: (typeof LAYERS)[number];
  /** A mandatory one fails the preview and is denied at admission; an advisory one is printed. */
  readonly severity: 'mandatory' | 'advisory';
  /** Advisory in dev all the same: rules of cost and of high availability. @default false */
  readonly relaxedInDev?: boolean;
  readonly title: string;
  /** Clauses it answers to, e.g. `SOC A1.2`, `OWASP ML06`. */
  readonly control: readonly string[];
  /** What goes wrong without it. */
  readonly reason: string;
  /** What to do, with the construct's own prop where there is one. */
  readonly remediation: string;
  /** Tokens of the resources it looks at; `*` for all. A trailing `*` matches a prefix: `kubernetes:*`. */
  readonly kinds: readonly string[];
  /**
   * What a violation at a value unknown at preview means: `defer` prints it as advisory and judges at `up`; `refuse` fails.
   * @default 'defer'
   */
  readonly unknown?: 'defer' | 'refuse';
  /** What must hold of each Kubernetes object of `kinds`, alone: the preview's check and the admission policy come from it. */
  readonly object?: (context: Pick<Context, 'environment' | 'config'>) => Predicate;
}

/** Judges one resource alone. */
export interface ResourceRule extends RuleText {
  readonly checkResource: (resource: Resource, context: Context) => readonly Violation[];
}

/** Judges all resources of a stack together. `resources` holds all of them, whatever `kinds` says. */
export interface StackRule extends RuleText {
  readonly checkStack: (resources: readonly Resource[], context: Context) => readonly Violation[];
}

export type Rule = ResourceRule | StackRule;

export const isStackRule = (rule: Rule): rule is StackRule => 'checkStack' in rule;

/** Whether a rule looks at resources of this type. */
export const appliesTo = ({ kinds }: Pick<Rule, 'kinds'>, type: string): boolean =>
  kinds.some((kind) => (kind.endsWith('*') ? type.startsWith(kind.slice(0, -1)) : kind === type));
