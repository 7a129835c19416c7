import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { policyError } from './errors.ts';
import { readRegistry } from './registry-state.ts';
import type { Context, Environment } from './rule.ts';
import { DEFAULT_SETTINGS, type PolicySettings } from './settings.ts';

const ENVIRONMENTS: readonly Environment[] = ['dev', 'staging', 'prod'];

const exception = Type.Object(
  { level: Type.Union([Type.Literal('baseline'), Type.Literal('privileged')]), reason: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
);
const SETTINGS = Compile(
  Type.Partial(
    Type.Object(
      {
        imageRegistries: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
        podSecurityExceptions: Type.Record(Type.String(), exception),
        apiClients: Type.Record(Type.String(), Type.String({ minLength: 1 })),
        regions: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
        registry: Type.Union([
          Type.Literal('none'),
          Type.Object(
            {
              snapshot: Type.String({ minLength: 1 }),
              digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
              verifyKey: Type.String({ minLength: 1 }),
              maxAgeDays: Type.Integer({ minimum: 1, maximum: 366 }),
            },
            { additionalProperties: false },
          ),
        ]),
        minSupport: Type.Integer({ minimum: 1 }),
        modelAgeDays: Type.Integer({ minimum: 1 }),
        erasureWindowDays: Type.Integer({ minimum: 1 }),
      },
      { additionalProperties: false },
    ),
  ),
);

/** What the engine tells a policy pack of the stack: its name and its config, by full key. */
export interface StackFacts {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
}

/** The engine starts a pack with the stack's facts in its environment variables. */
export const factsOf = (variables: Readonly<Record<string, string | undefined>>): StackFacts => ({
  stack: variables['PULUMI_STACK'] ?? variables['PULUMI_NODEJS_STACK'] ?? '',
  config: JSON.parse(variables['PULUMI_CONFIG'] ?? '{}') as Record<string, string>,
});

/** The project's folder, which paths of the settings are read from. */
const ROOT = join(import.meta.dirname, '..');

/**
 * What rules know of the stack. The registry's snapshot is read here, once.
 * @throws MR_POLICIES_ENVIRONMENT_UNKNOWN, MR_POLICIES_SETTINGS_INVALID
 */
export function contextOf({ stack, config: facts }: StackFacts, now: Date, root = ROOT): Context {
  const config = settingsOf(facts['millrace:policies']);
  const registry = readRegistry(config.registry, now, root);
  const environment = environmentOf(facts['millrace:environment'] ?? stack);
  return { environment, now, config, ...(registry !== undefined && { registry }) };
}

function environmentOf(name: string): Environment {
  // A stack of an organisation is `org/project/stack`.
  const last = name.split('/').at(-1);
  const known = ENVIRONMENTS.find((environment) => environment === last);
  if (known !== undefined) return known;
  throw policyError('MR_POLICIES_ENVIRONMENT_UNKNOWN', `The stack is '${name}'`, {
    field: 'millrace:environment',
    value: name,
    expected: `one of ${ENVIRONMENTS.join(', ')}`,
  });
}

function settingsOf(text: string | undefined): PolicySettings {
  if (text === undefined) return DEFAULT_SETTINGS;
  const raw = parse(text);
  if (SETTINGS.Check(raw)) return { ...DEFAULT_SETTINGS, ...(raw as Partial<PolicySettings>) };
  const [fault] = SETTINGS.Errors(raw);
  const field = `millrace:policies${(fault?.instancePath ?? '').replaceAll('/', '.')}`;
  throw policyError('MR_POLICIES_SETTINGS_INVALID', `${field} ${fault?.message ?? 'is not valid'}`, {
    field,
    value: raw,
    expected: 'the keys and types of policies/settings.ts',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw policyError('MR_POLICIES_SETTINGS_INVALID', 'millrace:policies is not JSON', { field: 'millrace:policies', cause });
  }
}
