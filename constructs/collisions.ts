import { ApiObject, type Chart } from 'cdk8s';
import { stackError } from './errors.ts';

interface Fault {
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
}

/** Kubernetes' own bounds; a name of these kinds is a label of DNS, or becomes one of their pods'. */
const LABEL_LENGTH = 63;
const NAME_LENGTH: Readonly<Record<string, number>> = {
  CronJob: 52,
  CronWorkflow: 52,
  Deployment: LABEL_LENGTH,
  Job: LABEL_LENGTH,
  Namespace: LABEL_LENGTH,
  Service: LABEL_LENGTH,
  StatefulSet: LABEL_LENGTH - '-4294967295'.length,
};
const LONGEST = 253;
const NAME = /^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;

/**
 * What the API server would take one of two for, or refuse one by one in the middle of a deployment: objects with one name, names
 * and labels that are too long, ports that are taken twice. @throws MR_STACK_COLLISION with every fault at once
 */
export function checkCollisions(charts: readonly Chart[]): void {
  const objects = charts.flatMap((chart) => chart.node.findAll().filter((node): node is ApiObject => node instanceof ApiObject));
  const faults = [...nameFaults(objects), ...objects.flatMap((one) => [...portFaults(one)]), ...nodePortFaults(objects)];
  const [first] = faults;
  if (first === undefined) return;
  const lines = faults.map(({ field, value, expected }) => `  ${field} is ${JSON.stringify(value)}; expected ${expected}`);
  throw stackError('MR_STACK_COLLISION', `The objects of this environment get in each other's way:\n${lines.join('\n')}`, first);
}

const called = ({ kind, name }: ApiObject): string => `${kind} ${name}`;

function* nameFaults(objects: readonly ApiObject[]): Generator<Fault> {
  const made = new Map<string, ApiObject>();
  for (const one of objects) {
    const { apiGroup, kind, name, metadata } = one;
    const key = `${apiGroup}/${kind} ${metadata.namespace ?? ''}/${name}`;
    const other = made.get(key);
    if (other !== undefined)
      yield {
        field: `${called(one)}: metadata.name`,
        value: name,
        expected: `a name that ${other.node.path} does not have: ${one.node.path} is another object`,
      };
    made.set(key, one);
    const most = NAME_LENGTH[kind] ?? LONGEST;
    if (name.length > most || !NAME.test(name))
      yield {
        field: `${called(one)}: metadata.name`,
        value: name,
        expected: `at most ${most} lower-case letters, digits, dots and hyphens`,
      };
    const labels = (metadata.toJson() as { labels?: Readonly<Record<string, string>> }).labels ?? {};
    for (const [label, value] of Object.entries(labels))
      if (value.length > LABEL_LENGTH || !VALUE.test(value))
        yield {
          field: `${called(one)}: metadata.labels.${label}`,
          value,
          expected: `at most ${LABEL_LENGTH} letters, digits, dots, hyphens and underscores`,
        };
  }
}

interface Port {
  readonly name?: string;
  readonly port?: number;
  readonly containerPort?: number;
  readonly nodePort?: number;
  readonly protocol?: string;
}
interface PodSpec {
  readonly containers?: readonly { readonly name: string; readonly ports?: readonly Port[] }[];
}
interface Manifest {
  readonly spec?: {
    readonly ports?: readonly Port[];
    readonly template?: { readonly spec?: PodSpec };
    readonly jobTemplate?: { readonly spec?: { readonly template?: { readonly spec?: PodSpec } } };
  };
}

const WITH_PORTS = new Set(['Service', 'Deployment', 'StatefulSet', 'Job', 'CronJob']);

/** The containers of a pod share its address, so that they share its ports; a Service has each of its own once. */
function* portFaults(one: ApiObject): Generator<Fault> {
  if (!WITH_PORTS.has(one.kind)) return;
  const { spec } = one.toJson() as Manifest;
  yield* twice(
    `${called(one)}: spec.ports`,
    (spec?.ports ?? []).map((port) => ({ port, owner: one.name })),
  );
  const pod = spec?.template?.spec ?? spec?.jobTemplate?.spec?.template?.spec;
  const taken = (pod?.containers ?? []).flatMap(({ name, ports = [] }) => ports.map((port) => ({ port, owner: name })));
  yield* twice(`${called(one)}: spec.template.spec.containers.ports`, taken);
}

/** A node has each port once, whichever Service opens it. */
function* nodePortFaults(objects: readonly ApiObject[]): Generator<Fault> {
  const opened = new Map<string, string>();
  for (const one of objects.filter(({ kind }) => kind === 'Service'))
    for (const { nodePort, protocol = 'TCP' } of (one.toJson() as Manifest).spec?.ports ?? []) {
      if (nodePort === undefined) continue;
      const value = `${nodePort}/${protocol}`;
      const other = opened.get(value);
      if (other !== undefined)
        yield {
          field: `${called(one)}: spec.ports.nodePort`,
          value,
          expected: `a port of the nodes that ${other} does not have`,
        };
      opened.set(value, called(one));
    }
}

function* twice(field: string, ports: readonly { readonly port: Port; readonly owner: string }[]): Generator<Fault> {
  for (const key of ['number', 'name'] as const) {
    const seen = new Map<string, string>();
    for (const { port, owner } of ports) {
      const value = key === 'name' ? port.name : `${port.containerPort ?? port.port}/${port.protocol ?? 'TCP'}`;
      if (value === undefined) continue;
      const first = seen.get(value);
      if (first !== undefined)
        yield { field, value, expected: `each ${key} once; ${first}${first === owner ? '' : ` and ${owner}`} want it` };
      seen.set(value, owner);
    }
  }
}
