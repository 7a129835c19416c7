import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { DIALS, type RawDials } from './dials/schema.ts';
import { stackError } from './errors.ts';

/** What an environment sets: everything that differs between two of them, and nothing else. */
export type Dials = RawDials & {
  readonly environment: string;
  /** Must survive the loss of a zone: every environment but `dev`. */
  readonly highAvailability: boolean;
};

interface Fault {
  readonly key: string;
  readonly value: unknown;
  readonly expected: string;
}

const compiled = Compile(DIALS);

/**
 * The dials of one environment, from the values under `millrace:` in its file.
 * @throws MR_STACK_DIALS with the file and, for every fault at once, key, value and expectation
 */
export function parseDials(environment: string, file: string, raw: unknown): Dials {
  const faults = shapeFaults(raw);
  if (faults.length === 0) faults.push(...combinationFaults(environment, raw as RawDials));
  const [first] = faults;
  if (first !== undefined) {
    const lines = faults.map(({ key, value, expected }) => `  millrace:${key} is ${shown(value)}; expected ${expected}`);
    throw stackError(
      'MR_STACK_DIALS',
      `${file} has ${faults.length} fault${faults.length > 1 ? 's' : ''}:\n${lines.join('\n')}`,
      {
        field: `millrace:${first.key}`,
        value: first.value,
        expected: first.expected,
      },
    );
  }
  return Object.freeze({ ...(raw as RawDials), environment, highAvailability: environment !== 'dev' });
}

const shown = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

function shapeFaults(raw: unknown): Fault[] {
  const faults = new Map<string, Fault>();
  const add = (path: string, expected: string) => {
    const key = path.slice(1).replaceAll('/', '.');
    if (!faults.has(key)) faults.set(key, { key, value: at(raw, path), expected });
  };
  for (const { keyword, instancePath, params } of allErrors(raw)) {
    const named = params as { requiredProperties?: string[]; additionalProperties?: string[] };
    if (keyword === 'required') {
      for (const name of named.requiredProperties ?? []) add(`${instancePath}/${name}`, describe(`${instancePath}/${name}`));
    } else if (keyword === 'additionalProperties') {
      for (const name of named.additionalProperties ?? [])
        add(`${instancePath}/${name}`, `one of the keys ${known(instancePath).join(', ')}`);
    } else if (keyword !== 'boolean') add(instancePath, describe(instancePath));
  }
  return [...faults.values()];
}

/** The library stops at a few faults unless told otherwise; an operator wants them all. */
function allErrors(raw: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1000 });
  try {
    return compiled.Errors(raw);
  } finally {
    Settings.Set({ maxErrors });
  }
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Along a path, into the alternatives of a union too. */
function schemaAt(path: string): Schema {
  let schema: Schema = DIALS as Schema;
  for (const part of path.split('/').slice(1)) {
    const object = schema.anyOf?.find(({ properties }) => properties !== undefined) ?? schema;
    const next = object.properties?.[part] ?? object.items;
    if (next === undefined) return schema;
    schema = next;
  }
  return schema;
}

function describe(path: string): string {
  const { description, type, properties } = schemaAt(path);
  if (description !== undefined) return description;
  return properties === undefined ? `a ${type ?? 'value'}` : `an object with ${Object.keys(properties).join(', ')}`;
}

const known = (path: string): string[] => Object.keys(schemaAt(path).properties ?? {});

const at = (value: unknown, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .reduce((inner: unknown, part) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[part], value);

const CLOUD = { log: 'msk', online: 'elasticache', metadata: 'rds', warehouse: 'athena', nodes: 'managed' } as const;

function* combinationFaults(environment: string, dials: RawDials): Generator<Fault> {
  const { target, providers, operators, gpu, objects, aws } = dials;
  if (target === 'aws' && aws === undefined) yield { key: 'aws', value: aws, expected: describe('/aws') };
  if (target === 'kubernetes' && aws !== undefined)
    yield { key: 'aws', value: '(set)', expected: 'no such key with target kubernetes' };
  if (target === 'kubernetes' && dials.controlPlane === undefined)
    yield { key: 'controlPlane', value: undefined, expected: "ranges and port of the cluster's API server" };
  if (target === 'kubernetes' && providers.nodes === 'karpenter' && dials.nodeClass === undefined)
    yield { key: 'nodeClass', value: undefined, expected: 'group, kind and name, since providers.nodes is karpenter' };
  if (target === 'kubernetes' && objects === undefined) yield { key: 'objects', value: objects, expected: describe('/objects') };
  for (const part of Object.keys(CLOUD) as (keyof typeof CLOUD)[]) {
    if (target === 'kubernetes' && providers[part] === CLOUD[part])
      yield { key: `providers.${part}`, value: providers[part], expected: 'a provider that runs without AWS, or target aws' };
  }
  if (providers.log === 'single' && environment !== 'dev')
    yield {
      key: 'providers.log',
      value: 'single',
      expected: 'strimzi or msk outside dev: one broker loses events with its disk',
    };
  if (dials.warehouse !== undefined && providers.warehouse !== 'trino')
    yield {
      key: 'warehouse',
      value: dials.warehouse,
      expected: `no such key with providers.warehouse ${providers.warehouse}: trino alone runs here`,
    };
  if (operators.from === 'manifests' && operators.folder === undefined)
    yield { key: 'operators.folder', value: undefined, expected: 'a folder of manifests, since operators.from is manifests' };
  if (gpu.maxNodes === 0 && gpu.quota > 0) yield { key: 'gpu.quota', value: gpu.quota, expected: '0, since gpu.maxNodes is 0' };
  if (providers.nodes === 'managed' && gpu.readiness === 'taint')
    yield {
      key: 'gpu.readiness',
      value: 'taint',
      expected: 'allocatable, since groups of managed nodes start without the taint',
    };
  if (aws !== undefined && !aws.allowedRegions.includes(aws.region))
    yield { key: 'aws.region', value: aws.region, expected: `one of aws.allowedRegions: ${aws.allowedRegions.join(', ')}` };
  if (objects !== undefined) yield* placeFaults('objects', objects);
  for (const [name, database] of Object.entries(dials.changeCapture?.databases ?? {})) {
    const key = `changeCapture.databases.${name}`;
    yield* placeFaults(key, database);
    if ((database.secretStore === undefined) !== (target === 'aws'))
      yield {
        key: `${key}.secretStore`,
        value: database.secretStore,
        expected: 'the ClusterSecretStore that holds its login; on aws none, since Secrets Manager does',
      };
  }
}

type Place = Pick<NonNullable<RawDials['objects']>, 'namespace' | 'labels' | 'ranges'>;

function* placeFaults(key: string, { namespace, labels, ranges }: Place): Generator<Fault> {
  if ((namespace === undefined) !== (labels === undefined))
    yield { key: `${key}.labels`, value: labels, expected: 'labels of the pods that answer, exactly where namespace is set' };
  if ((namespace === undefined) === (ranges === undefined))
    yield { key, value: { namespace, ranges }, expected: 'either namespace or ranges, so that network policies can name it' };
}
