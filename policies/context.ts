import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parseDocument } from 'yaml';
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

/** What a pack knows of the stack that it judges. */
export interface StackFacts {
  /** With or without organisation and project before it. */
  readonly stack: string;
  /** `millrace:policies` of the stack's config, if it has any. */
  readonly policies?: unknown;
}

/** The project's folder, which paths of the settings are read from. */
const ROOT = join(import.meta.dirname, '..');

/**
 * Reads what `Pulumi.<stack>.yaml` says of policies. The engine gives packs no config, so the file is read that it reads
 * itself; `MILLRACE_STACKS` names another folder than the project's `stacks`.
 * @throws MR_POLICIES_SETTINGS_INVALID
 */
export function factsOf(stack: string, folder = process.env['MILLRACE_STACKS'] ?? join(ROOT, 'stacks')): StackFacts {
  const file = join(folder, `Pulumi.${lastOf(stack)}.yaml`);
  if (!existsSync(file)) return { stack };
  const document = parseDocument(readFileSync(file, 'utf8'));
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(`${file} is no YAML: ${fault.message.split('\n')[0]}`, file);
  const { config } = (document.toJS() ?? {}) as { readonly config?: Readonly<Record<string, unknown>> };
  const policies = config?.['millrace:policies'];
  return { stack, ...(policies !== undefined && { policies }) };
}

/**
 * What rules know of the stack. The registry's snapshot is read here, once.
 * @throws MR_POLICIES_ENVIRONMENT_UNKNOWN, MR_POLICIES_SETTINGS_INVALID
 */
export function contextOf(facts: StackFacts, now: Date, root = ROOT): Context {
  const { environment, config } = admissionContextOf(facts);
  const registry = readRegistry(config.registry, now, root);
  return { environment, now, config, ...(registry !== undefined && { registry }) };
}

/**
 * What rules about one object alone know of the stack: all that the API server's gate is made from.
 * @throws MR_POLICIES_ENVIRONMENT_UNKNOWN, MR_POLICIES_SETTINGS_INVALID
 */
export const admissionContextOf = ({ stack, policies }: StackFacts): Pick<Context, 'environment' | 'config'> => ({
  environment: environmentOf(stack),
  config: settingsOf(policies),
});

/** A stack of an organisation is `org/project/stack`. */
const lastOf = (stack: string): string => stack.split('/').at(-1) ?? '';

function environmentOf(name: string): Environment {
  const known = ENVIRONMENTS.find((environment) => environment === lastOf(name));
  if (known !== undefined) return known;
  throw policyError('MR_POLICIES_ENVIRONMENT_UNKNOWN', `The stack is '${name}'`, {
    field: 'stack',
    value: name,
    expected: `one of ${ENVIRONMENTS.join(', ')}`,
  });
}

function settingsOf(raw: unknown): PolicySettings {
  if (raw === undefined) return DEFAULT_SETTINGS;
  if (SETTINGS.Check(raw)) {
    const given = raw as Partial<PolicySettings>;
    const podSecurityExceptions = { ...DEFAULT_SETTINGS.podSecurityExceptions, ...given.podSecurityExceptions };
    return { ...DEFAULT_SETTINGS, ...given, podSecurityExceptions };
  }
  const [fault] = SETTINGS.Errors(raw);
  const field = `millrace:policies${(fault?.instancePath ?? '').replaceAll('/', '.')}`;
  throw invalid(`${field} ${fault?.message ?? 'is not valid'}`, field, raw);
}

const invalid = (message: string, field: string, value?: unknown) =>
  policyError('MR_POLICIES_SETTINGS_INVALID', message, { field, value, expected: 'the keys and types of policies/settings.ts' });
