import { type Static, type TObject, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { errorTable } from './errors.ts';

const { error: settingError } = errorTable({
  MR_SETTINGS_INVALID: {
    status: 500,
    title: 'The settings of this process are wrong',
    next: 'Correct the named environment variables; app/settings.ts describes all of them.',
  },
  MR_SETTINGS_STORE_MISSING: {
    status: 500,
    title: 'A program on a cluster uses a store that it was not told of',
    next: 'Declare the store among what the workload reads or writes (app/workloads.ts): its container then gets the settings.',
  },
});

const text = (pattern: string, description: string) => Type.Optional(Type.String({ pattern: `^(?:${pattern})$`, description }));
const NAME = '[a-z][a-z0-9_-]{0,62}';
const HOST = '[A-Za-z0-9]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9])?';
const PORT = '([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
const host = text(HOST, 'a host name or address');
const port = text(PORT, 'a port from 1 to 65535');
const file = text('/\\S+', 'an absolute path');
const name = text(NAME, 'a name of lower-case letters, digits, - and _');
const bucket = text('[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]', 'the name of a bucket');
const count = text('[1-9]\\d{0,8}', 'a whole number above 0');
const line = text('\\S(.*\\S)?', 'a text that is not empty');

/** Every environment variable that the program reads in service, as its text. Passwords are never here: files hold them. */
export const SETTINGS = Type.Object({
  MILLRACE_GROUND: text('embedded|cluster', 'embedded or cluster'),
  MILLRACE_ENVIRONMENT: name,
  MILLRACE_USECASE: text('[a-z]([a-z0-9-]{0,22}[a-z0-9])?', 'the name of a folder of app/usecases/'),
  MILLRACE_WORKLOAD: name,
  MILLRACE_DATA_DIR: line,
  MILLRACE_LOG: text('silent|fatal|error|warn|info|debug|trace', 'silent, fatal, error, warn, info, debug or trace'),
  MILLRACE_HTTP_HOST: host,
  MILLRACE_HTTP_PORT: text(`0|${PORT}`, 'a port from 0 to 65535'),
  /** The image that this runs in, which a verdict of the gate then covers. */
  MILLRACE_IMAGE_DIGEST: text('none|sha256:[0-9a-f]{64}', 'sha256: and 64 hex digits, or none'),
  MILLRACE_IMAGE: text('\\S+@sha256:[0-9a-f]{64}', 'an image by digest'),
  MILLRACE_REGISTRY_URL: text(`https?://${HOST}(:${PORT})?/?`, 'an http or https address'),

  MILLRACE_LOG_BROKERS: text(`${HOST}:${PORT}(,${HOST}:${PORT})*`, 'host:port,host:port'),
  /** How to show who one is to the brokers: by name and password, or by the pod's identity on AWS. */
  MILLRACE_LOG_MECHANISM: text('scram-sha-512|aws-iam', 'scram-sha-512 or aws-iam'),
  MILLRACE_LOG_USER: line,
  MILLRACE_LOG_PASSWORD_FILE: file,
  MILLRACE_LOG_CA_FILE: file,
  MILLRACE_OBJECTS_ENDPOINT: text(`https?://${HOST}(:${PORT})?/?`, 'an http or https address'),
  MILLRACE_OBJECTS_REGION: name,
  MILLRACE_OBJECTS_BUCKET: bucket,
  MILLRACE_OBJECTS_ACCESS_KEY_FILE: file,
  MILLRACE_OBJECTS_SECRET_KEY_FILE: file,
  MILLRACE_OBJECTS_CA_FILE: file,
  MILLRACE_AUDIT_BUCKET: bucket,
  /** What copies of the lake's files may take of the scratch disk. */
  MILLRACE_LAKE_COPIES_MB: count,
  MILLRACE_WAREHOUSE_URL: text(`https://${HOST}(:${PORT})?/?`, 'an https address'),
  MILLRACE_WAREHOUSE_CA_FILE: file,
  MILLRACE_WAREHOUSE_KEY_FILE: file,
  MILLRACE_ONLINE_HOST: host,
  MILLRACE_ONLINE_PORT: port,
  MILLRACE_ONLINE_SENTINEL: text(`${HOST}:${PORT}`, 'host:port'),
  MILLRACE_ONLINE_SHARDS: count,
  MILLRACE_ONLINE_USER: line,
  MILLRACE_ONLINE_PASSWORD_FILE: file,
  MILLRACE_ONLINE_CA_FILE: file,
  MILLRACE_METADATA_HOST: host,
  MILLRACE_METADATA_PORT: port,
  MILLRACE_METADATA_DATABASE: name,
  MILLRACE_METADATA_USER: line,
  MILLRACE_METADATA_PASSWORD_FILE: file,
  MILLRACE_METADATA_CA_FILE: file,
  /** The API server of the cluster, for what looks after its nodes. */
  MILLRACE_CONTROL_PLANE_URL: text(`https://${HOST}(:${PORT})?/?`, 'an https address'),
  MILLRACE_CONTROL_PLANE_TOKEN_FILE: file,
  MILLRACE_CONTROL_PLANE_CA_FILE: file,
  MILLRACE_KEYS_MASTER_FILE: file,
  MILLRACE_KEYS_KMS_KEY: line,
  /** What signs in the gate's name: a text that the gate alone may read, or a key whose private half never leaves KMS. */
  MILLRACE_KEYS_SIGNING_FILE: file,
  MILLRACE_KEYS_SIGNING_KMS_KEY: line,

  /** Where a training keeps what it has done, and the run whose attempts go on from it with the same data. */
  MILLRACE_CHECKPOINT: line,
  MILLRACE_TRAINING_RUN: line,

  /** What a manifest states about the definition, for policies to compare; the definition itself is what runs. */
  MILLRACE_STORE_TIMEOUT_MS: count,
  MILLRACE_RATE_PER_SECOND: count,
  MILLRACE_DAILY_QUOTA: count,
  MILLRACE_BODY_LIMIT: count,
  MILLRACE_MAX_TRIALS: count,
  MILLRACE_SEED: text('\\d{1,16}', 'a whole number'),
  MILLRACE_CODE_COMMIT: text('[0-9a-f]{40}', '40 hex digits'),
  MILLRACE_DATA_SNAPSHOT: line,
  MILLRACE_VERIFY_KEY: file,
  MILLRACE_RELEASE_UNIT: line,
  MILLRACE_MODEL_FORMATS: line,
  MILLRACE_RATE_CAPS: line,

  OTEL_EXPORTER_OTLP_ENDPOINT: text(`https?://${HOST}(:${PORT})?(/\\S*)?`, 'an http or https address'),
  /** The one form that spans go out in. */
  OTEL_EXPORTER_OTLP_PROTOCOL: text('http/json', 'http/json'),
  OTEL_EXPORTER_OTLP_HEADERS: line,
  OTEL_SERVICE_NAME: line,
  OTEL_RESOURCE_ATTRIBUTES: line,
  OTEL_SDK_DISABLED: text('true|false', 'true or false'),
});

export type Settings = Static<typeof SETTINGS>;
export type SettingName = keyof Settings;

type Environment = Readonly<Record<string, string | undefined>>;

const compiled = new Map(
  Object.entries((SETTINGS as TObject).properties).map(([key, schema]) => [
    key,
    { check: Compile(schema), expected: (schema as { readonly description?: string }).description ?? 'another value' },
  ]),
);

/** Set by tests, tools and the cluster itself (links to services), never read in service. */
const FOREIGN =
  /^MILLRACE_(TEST_\w+|RUNS|STACKS|KILL_SEED|CRASH_AT|CHROMIUM|DELTA_PYTHON|CACHE|\w+_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?))$/;
/** A value of these is never shown. */
const SECRET = /HEADERS$/;

/**
 * The settings among the environment variables; an empty one counts as left out.
 * @throws MR_SETTINGS_INVALID with variable, value and expectation of every fault at once; an unknown `MILLRACE_` is one
 */
export function readSettings(environment: Environment): Settings {
  const faults: { readonly field: string; readonly value: string; readonly expected: string }[] = [];
  const settings: Record<string, string> = {};
  for (const [field, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    const known = compiled.get(field);
    if (known === undefined) {
      if (field.startsWith('MILLRACE_') && !FOREIGN.test(field))
        faults.push({ field, value, expected: `no such setting${near(field)}` });
    } else if (!known.check.Check(value)) faults.push({ field, value, expected: known.expected });
    else settings[field] = value;
  }
  const [first] = faults;
  if (first === undefined) return settings as Settings;
  const shown = ({ field, value }: (typeof faults)[number]) => (SECRET.test(field) ? '(hidden)' : value);
  const parts = faults.map((fault) => `${fault.field} is '${shown(fault)}', expected ${fault.expected}`);
  throw settingError('MR_SETTINGS_INVALID', parts.join('; '), {
    field: faults.map(({ field }) => field).join(', '),
    value: faults.length === 1 ? shown(first) : Object.fromEntries(faults.map((fault) => [fault.field, shown(fault)])),
    expected: faults.map(({ expected }) => expected).join('; '),
  });
}

/**
 * Settings that another makes necessary.
 * @throws MR_SETTINGS_INVALID naming those that were left out, and the one that needs them
 */
export function needed<Name extends SettingName>(
  settings: Settings,
  by: SettingName,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const missing = names.filter((name) => settings[name] === undefined);
  if (missing.length === 0) return settings as Readonly<Record<Name, string>>;
  throw settingError(
    'MR_SETTINGS_INVALID',
    `${by} is set, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not`,
    {
      field: missing.join(', '),
      expected: `to be set beside ${by}`,
    },
  );
}

/** The known name that has the most of its words, for the one who mistyped. */
function near(field: string): string {
  const words = new Set(field.split('_').slice(1));
  const scored = [...compiled.keys()].map((key) => ({ key, shared: key.split('_').filter((word) => words.has(word)).length }));
  const [best] = scored.toSorted((a, b) => b.shared - a.shared);
  return best === undefined || best.shared === 0 ? '' : `; perhaps ${best.key}`;
}

/**
 * Holds a program on a cluster to the stores that it was told: one in the container's own folder would go with the container.
 * @throws MR_SETTINGS_STORE_MISSING naming the port and the settings of which one says where its store is
 */
export function requireLaptop(settings: Settings, port: string, names: readonly SettingName[]): void {
  if (settings.MILLRACE_GROUND !== 'cluster') return;
  throw settingError('MR_SETTINGS_STORE_MISSING', `this program uses the port '${port}', and nothing says where its store is`, {
    field: names.join(', '),
    expected: `${names.join(' or ')} to be set where MILLRACE_GROUND is cluster`,
  });
}
