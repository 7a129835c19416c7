import { MODEL } from '../../app/usecases/model-annotations.ts';
import { pairs } from '../amounts.ts';
import { isPrivate, rangeOf } from '../ranges.ts';
import { at, namespaceName, ofKind, podLabels, word, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { violation } from '../violation.ts';

type Entry = Readonly<Record<string, unknown>>;
/** Whose pods training talks to: the lake's, the registry's, the brokers', and the collector of its own traces. */
const NAMESPACES = ['millrace-lake', 'millrace-registry', 'millrace-ingestion', 'millrace-monitoring'];
const NAME_SERVICE = 'kube-system';
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
/** A range wider than this says nothing. */
const WIDEST = 8;

export const noEgress: StackRule = {
  id: 'M06',
  name: 'training-no-egress',
  layer: 'training',
  severity: 'mandatory',
  title: 'Training pods reach lake, registry and broker, and no internet',
  control: ['ATLAS AML.T0025', 'NSA/CISA Kubernetes Hardening'],
  reason: 'A trainer holds the whole lake; one open way out and it is gone.',
  remediation: 'Declare in `egress:` what the job reads and writes; the construct opens these edges and no other.',
  kinds: ['kubernetes:*'],
  checkStack: (resources) => {
    const policies = ofKind(resources, 'NetworkPolicy');
    const trainers = workloads(resources, 'training');
    const closed = (trainer: Resource) => policies.filter((policy) => selects(policy, trainer) && restrictsEgress(policy));
    const open = trainers.filter((trainer) => closed(trainer).length === 0);
    return [
      ...open.map((trainer) =>
        violation(noEgress, trainer, {
          property: '',
          found: 'pods that no NetworkPolicy of the stack keeps from going out',
          expected: 'one that selects them, with policyTypes Egress',
        }),
      ),
      ...policies.filter((policy) => trainers.some((trainer) => selects(policy, trainer))).flatMap(waysOut),
    ];
  },
};

const entries = (value: unknown): readonly Entry[] => (Array.isArray(value) ? (value as Entry[]) : []);
const labelsIn = (value: unknown): Entry => ((value as Entry | undefined)?.['matchLabels'] as Entry | undefined) ?? {};

function selects(policy: Resource, workload: Resource): boolean {
  if (namespaceName(policy) !== namespaceName(workload)) return false;
  const selector = at(policy, 'spec', 'podSelector');
  // An expression is read as one that fits: a policy that may be about the pods must be as strict.
  const labels = podLabels(workload);
  return Object.entries(labelsIn(selector)).every(([key, value]) => labels[key] === value);
}

const restrictsEgress = (policy: Resource): boolean => {
  const types = at(policy, 'spec', 'policyTypes');
  return Array.isArray(types) ? types.includes('Egress') : at(policy, 'spec', 'egress') !== undefined;
};

function waysOut(policy: Resource): readonly Violation[] {
  const ranges = pairs(word(policy, MODEL.egressRanges));
  return entries(at(policy, 'spec', 'egress')).flatMap((way, index) => {
    const path = `spec.egress[${index}]`;
    const fault = (property: string, found: unknown, expected: string) =>
      violation(noEgress, policy, { property, found, expected });
    const ports = entries(way['ports']);
    const peers = entries(way['to']);
    const unnamed = ports.length === 0 || ports.some(({ port }) => port === undefined);
    return [
      ...(peers.length === 0 ? [fault(`${path}.to`, way['to'], 'peers by name; none means anywhere')] : []),
      ...(unnamed ? [fault(`${path}.ports`, way['ports'], 'ports by number')] : []),
      ...peers.flatMap((peer, to) => {
        const expected = allowed(peer, ports, Object.values(ranges));
        return expected === undefined ? [] : [fault(`${path}.to[${to}]`, peer, expected)];
      }),
    ];
  });
}

/** What was expected of a peer; undefined where it is a store's. */
function allowed(peer: Entry, ports: readonly Entry[], named: readonly string[]): string | undefined {
  if (peer['ipBlock'] !== undefined) {
    const { cidr } = peer['ipBlock'] as Entry;
    const prefix = rangeOf(cidr)?.prefix ?? 0;
    return prefix >= WIDEST && (isPrivate(cidr) || named.includes(String(cidr)))
      ? undefined
      : `a private range, or one that ${MODEL.egressRanges} names as a store’s, of /${WIDEST} at most`;
  }
  const namespace = labelsIn(peer['namespaceSelector'])[NAMESPACE_NAME];
  const pods = Object.keys(labelsIn(peer['podSelector']));
  if (pods.length === 0) return 'pods by their labels';
  if (namespace === NAME_SERVICE)
    return ports.every(({ port }) => port === 53) ? undefined : 'the name service at port 53 only, in kube-system';
  return NAMESPACES.includes(String(namespace)) ? undefined : `pods of ${NAMESPACES.join(', ')}`;
}
