/** A good use case with its model: what is served, what trains, gates and attacks it, and the registry that knows it. */
import { DAY } from '../app/clock/port.ts';
import type { ModelSnapshot, RegistrySnapshot, UnitSnapshot } from '../app/registry/snapshot.ts';
import { DATA } from '../app/usecases/data-annotations.ts';
import { MODEL, MODEL_ENVIRONMENT } from '../app/usecases/model-annotations.ts';
import { altered, type Change } from './alteration.ts';
import { ACTIVITY_HASH, data, of, TASTE_HASH, VIEWS } from './data-samples.ts';
import type { RegistryState } from './registry-state.ts';
import type { Resource } from './rule.ts';
import { container, IMAGE, kubernetes, labelsFor, workload } from './samples.ts';
import { useCase } from './usecase-samples.ts';

type Values = Readonly<Record<string, unknown>>;

export const UNIT = 'f'.repeat(64);
/** The day on which samples are judged. */
const NOW = Date.parse('2026-06-01T12:00:00Z') * 1_000;

const port = (number: number) => [{ port: number, protocol: 'TCP' }];
const pods = (namespace: string, labels: Values) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  podSelector: { matchLabels: labels },
});

/** What may leave the trainer's pods, and who holds which duty. */
const duties: readonly Resource[] = [
  kubernetes('networking.k8s.io/v1:NetworkPolicy', 'retrain-network', {
    metadata: { namespace: 'millrace-training', labels: labelsFor(of('retrain', 'training')) },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'retrain' } },
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        { to: [pods('kube-system', { 'k8s-app': 'kube-dns' })], ports: port(53) },
        { to: [pods('millrace-registry', { 'cnpg.io/cluster': 'registry' })], ports: port(5432) },
        { to: [{ ipBlock: { cidr: '10.1.0.0/16' } }], ports: port(443) },
      ],
    },
  }),
  kubernetes('external-secrets.io/v1:ExternalSecret', 'retail-gate-metadata', {
    metadata: { namespace: 'millrace-delivery', labels: { ...labelsFor(of('gate', 'delivery')), [MODEL.grants]: 'promote' } },
  }),
  workload(
    'Deployment',
    of('gate', 'delivery'),
    {
      containers: [container({ args: ['delivery', 'gate'] })],
      volumes: [{ name: 'metadata', secret: { secretName: 'retail-gate-metadata' } }],
    },
    { [DATA.writes]: 'audit,metadata' },
  ),
];

/** What the resources of the use case say besides, by name. */
const more: Readonly<Record<string, readonly Change[]>> = {
  serving: [[['metadata', 'annotations', DATA.featureViews], VIEWS]],
  retrain: [
    [['metadata', 'annotations', DATA.featureViews], VIEWS],
    [['metadata', 'annotations', MODEL.minSupport], 'user_taste=3'],
  ],
};

const own = new Set([...data, ...duties].map(({ name }) => name));

/** All of it, before the first release. */
export const model: readonly Resource[] = [
  ...useCase
    .filter((resource) => !own.has(resource.name) && !isOurs(resource))
    .map((resource) => altered(resource, ...(more[resource.name] ?? []))),
  ...data,
  ...duties,
];

/** What the samples above say in the use case's place. */
function isOurs({ type, props }: Resource): boolean {
  const labels = (props['metadata'] as { readonly labels?: Values } | undefined)?.labels ?? {};
  return type.endsWith(':NetworkPolicy') || DATA.manifest in labels || MODEL.grants in labels;
}

const serves = (change: (serving: Resource) => Resource): readonly Resource[] =>
  model.map((resource) => (resource.name === 'serving' ? change(resource) : resource));

const MAIN = ['spec', 'template', 'spec', 'containers', 0] as const;

/** Serving with another setting of its container; `undefined` takes it away. */
export const settingOf = (
  stack: readonly Resource[],
  name: string,
  setting: string,
  value: string | undefined,
): readonly Resource[] =>
  stack.map((resource) =>
    resource.name === name ? altered(resource, [[...mainOf(resource), 'env'], changed(resource, setting, value)]) : resource,
  );

export const mainOf = ({ type }: Resource): readonly (string | number)[] =>
  type.endsWith(':CronJob') ? ['spec', 'jobTemplate', ...MAIN] : MAIN;

function changed(resource: Resource, setting: string, value: string | undefined): readonly Values[] {
  const entries = mainOf(resource).reduce<unknown>(
    (of, key) => (of as Record<string | number, unknown>)[key],
    resource.props,
  ) as Values;
  const rest = ((entries['env'] ?? []) as readonly Values[]).filter(({ name }) => name !== setting);
  return value === undefined ? rest : [...rest, { name: setting, value }];
}

/** The same after the release of a unit. */
export const releasedAs = (unit: string, image = IMAGE): readonly Resource[] =>
  settingOf(
    serves((serving) => altered(serving, [['metadata', 'annotations', MODEL.releaseUnit], unit], [[...MAIN, 'image'], image])),
    'serving',
    MODEL_ENVIRONMENT.releaseUnit,
    unit,
  );

export const released = releasedAs(UNIT);

const interval = { value: 0.2, low: 0.18, high: 0.22 };
const file = (letter: string) => ({ sha256: letter.repeat(64), bytes: 1_000 });

/** A unit that may serve. */
export const unit: UnitSnapshot = {
  ...{ usecase: 'retail', model: 'retail-recommender', version: 3, unitId: UNIT, state: 'approved', revoked: false },
  ...{ author: 'workload:trainer', signed: true, whole: true, card: true, schemaHash: 'b'.repeat(64), thresholds: {} },
  files: { 'model.onnx': file('1'), 'model.json': file('2'), 'profile.json': file('3'), 'card.md': file('4') },
  featureViews: { user_activity: ACTIVITY_HASH, user_taste: TASTE_HASH },
  metrics: { users: 100, metrics: { ndcgAt20: interval }, segments: { light: { users: 50, metrics: { ndcgAt20: interval } } } },
  gate: {
    at: NOW - DAY,
    passed: true,
    signed: true,
    checks: [
      { name: 'floor.recallAt20', passed: true, measured: 0.3, limit: 0.02 },
      { name: 'segment.light', passed: true, measured: 0.1, limit: 0.005 },
    ],
    notJudged: [],
  },
  approvals: [{ approver: 'olga', at: NOW - DAY, signed: true, counts: true }],
  imageDigest: IMAGE.slice(IMAGE.indexOf('@') + 1),
  robustness: { at: NOW - DAY, passed: true, tried: ['extraction', 'fuzz', 'poisoning'] },
  bom: {
    card: '4'.repeat(64),
    dataSets: [{ table: 'retail.click', version: 7 }],
    queryHash: 'a'.repeat(64),
    trainer: 'als',
    codeCommit: 'd'.repeat(40),
    baseModels: [],
  },
};

const former = (version: number): UnitSnapshot => ({ ...unit, version, unitId: String(version).repeat(64) });

/** The registry with that unit as its champion, and two former ones. */
export function registryWith(champion: UnitSnapshot = unit, change: Partial<ModelSnapshot> = {}): RegistryState {
  const versions = [champion, former(2), former(1)];
  const models = { [champion.model]: { champion: 3, challenger: null, formerChampions: [2, 1], versions, ...change } };
  const snapshot: RegistrySnapshot = { format: 'millrace.registry-snapshot/1', at: NOW - DAY, keyId: '0'.repeat(16), models };
  return { snapshot };
}
