import type { Interval } from '../registry/release.ts';
import type { VersionDetail } from '../registry/version.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { AuditRecord } from './audit-sink/port.ts';

/** One heading of Annex IV with what holds for the release and where the proof is. */
export interface Section {
  readonly number: number;
  readonly heading: string;
  readonly statements: readonly string[];
  readonly evidence: readonly { readonly what: string; readonly where: string }[];
}

type Evidence = Section['evidence'];

const interval = ({ value, low, high }: Interval): string => `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
const pairs = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');

/** What is called how, by kind. */
const WORDS = {
  recommender: { cases: 'users', baseline: 'popularity', answer: 'ranking' },
  classifier: { cases: 'events', baseline: 'the best rule over one input', answer: 'decision' },
} as const;

function bounds(usecase: UseCase): string {
  const { queries, maxCopied } = usecase.gate.adversarial;
  const copied = `a copy made of ${queries} answers may foresee a share of ${maxCopied} of what the model knows beyond the obvious`;
  if (usecase.kind === 'recommender')
    return `forged accounts may lift an item at most ${usecase.gate.adversarial.maxLift} times; ${copied}`;
  const { flippedShare, maxLoss, maxEvasion } = usecase.gate.adversarial;
  return `${flippedShare} of the labels turned may cost ${maxLoss} of ${usecase.model.objective}; a share of ${maxEvasion} of the caught events may slip through by the fields that their senders choose; ${copied}`;
}

/** The nine headings of Annex IV of Regulation (EU) 2024/1689, filled from definition, manifest, registry and audit log. */
export function annexSections(usecase: UseCase, detail: VersionDetail, trail: readonly AuditRecord[]): readonly Section[] {
  const { manifest, verdicts, approvals, deployments } = detail;
  const words = WORDS[usecase.kind];
  const index = (...actions: readonly string[]): Evidence =>
    trail
      .filter(({ action }) => actions.includes(action))
      .map(({ action, index, leaf }) => ({ what: action, where: `audit record ${index}, leaf ${leaf}` }));
  const headings: readonly Omit<Section, 'number'>[] = [
    {
      heading: 'General description of the system',
      statements: [
        usecase.purpose,
        `Owner: ${usecase.owner}. Version ${detail.version} of ${detail.model}, made by ${detail.author}.`,
        `Answers over HTTP; what a person sees of the ${words.answer}: ${usecase.serving.mainParameters.join('; ')}.`,
      ],
      evidence: [{ what: 'release unit', where: `manifest sha256 ${detail.unitId}` }, ...index('registry.version.register')],
    },
    {
      heading: 'Elements of the system and its development',
      statements: [
        `Trainer ${manifest.trainer} with ${pairs(manifest.parameters)}, seed ${manifest.seed}; ${manifest.search.trials} trials over ${manifest.search.folds} folds.`,
        `Inputs: ${manifest.inputs.join(', ')}.`,
        `Data: ${manifest.dataset.rows} events${manifest.dataset.note === undefined ? '' : `; ${manifest.dataset.note}`}.`,
      ],
      evidence: [
        { what: 'code', where: `commit ${manifest.codeCommit}` },
        { what: 'dataset', where: `${pairs(manifest.dataset.tables)}, query ${manifest.dataset.queryHash}` },
        { what: 'feature views', where: pairs(manifest.featureViews) },
        { what: 'schema', where: `hash ${manifest.schemaHash}` },
        ...Object.entries(manifest.files).map(([name, { sha256 }]) => ({ what: name, where: `sha256 ${sha256}` })),
      ],
    },
    {
      heading: 'Monitoring, functioning and control',
      statements: [
        ...usecase.monitors.drift.map(
          ({ feature, test, threshold }) => `Drift of ${feature} by ${test}, threshold ${threshold}.`,
        ),
        `Where features are missing or a store fails, the declared fallback '${usecase.serving.fallback}' answers and says so.`,
        'A person can approve, promote, roll back and retire by `millrace registry`.',
      ],
      evidence: [{ what: 'reference profile', where: `profile.json sha256 ${manifest.files['profile.json'].sha256}` }],
    },
    {
      heading: 'Appropriateness of the performance metrics',
      statements: [
        ...Object.entries(manifest.metrics.metrics).map(([name, value]) => {
          const base = manifest.baseline.metrics[name];
          return `${name} ${interval(value)} over ${manifest.metrics.users} ${words.cases}; ${words.baseline} ${base === undefined ? 'not measured' : interval(base)}.`;
        }),
        ...Object.entries(manifest.metrics.segments).flatMap(([segment, { users, metrics }]) =>
          Object.entries(metrics).map(
            ([name, value]) => `Segment ${segment} (${users} ${words.cases}): ${name} ${interval(value)}.`,
          ),
        ),
        'Intervals are 95 % bootstrap intervals on the newest fold. Offline metrics do not show what answers do to people.',
      ],
      evidence: [{ what: 'model card', where: `card.md sha256 ${manifest.files['card.md'].sha256}` }],
    },
    {
      heading: 'Risk management (Art. 9)',
      statements: [
        `Gate: floors ${pairs(usecase.gate.floors as Readonly<Record<string, number>>)}; segment floors ${pairs(usecase.gate.segmentFloors)}; p99 at most ${usecase.gate.latencyBudgetMs} ms; ${bounds(usecase)}.`,
        ...verdicts.map(({ verdict, signature }) => `Verdict: ${verdict}, signed by ${signature.keyId}.`),
      ],
      evidence: index('delivery.gate.verdict'),
    },
    {
      heading: 'Changes through the lifecycle',
      statements: [
        ...approvals.map(({ approver }) => `Approved by ${approver}.`),
        ...deployments.map(({ act, actor, reason }) => `${act} by ${actor}: ${reason}.`),
      ],
      evidence: index(
        'registry.version.approve',
        'registry.version.promote',
        'registry.version.rollback',
        'registry.version.retire',
      ),
    },
    {
      heading: 'Harmonised standards applied',
      statements: [
        'None is claimed. Signatures follow RFC 8032, the audit log RFC 9162, sealed fields NIST SP 800-38D, model cards Mitchell et al. 2019.',
      ],
      evidence: [],
    },
    {
      heading: 'EU declaration of conformity',
      statements: ['None: the system is not high-risk, and nobody has assessed it.'],
      evidence: [],
    },
    {
      heading: 'Post-market monitoring (Art. 72)',
      statements: [
        `Answers are logged with unit and features, joined with ${usecase.kind === 'classifier' ? 'outcomes' : 'clicks'} after ${usecase.model.label.maturity}; drift starts a retraining, at most one per ${usecase.monitors.retrain.coolDown}.`,
        `Raw events are kept for ${usecase.retention}; a person is erased by deleting their key.`,
      ],
      evidence:
        trail.length === 0
          ? []
          : [{ what: 'audit trail of this version', where: `records ${trail.map(({ index }) => index).join(', ')}` }],
    },
  ];
  return headings.map((section, i) => ({ number: i + 1, ...section }));
}
