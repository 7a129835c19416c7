import { canonicalJson } from '../canonical.ts';
import type { Micros } from '../clock/port.ts';
import { sha256 } from '../registry/digest.ts';
import type { RegistryReader } from '../registry/read.ts';
import { manifestText } from '../registry/unit.ts';
import type { VersionDetail } from '../registry/version.ts';
import type { UseCase } from '../usecases/usecase.ts';
import type { AuditRecord, AuditSink, AuditVerdict } from './audit-sink/port.ts';
import { annexSections, type Section } from './compliance-sections.ts';
import { governanceError } from './errors.ts';
import type { KeyStore, Signature } from './keys/port.ts';

/** What was done for one release, each statement with the evidence it rests on. */
export interface ComplianceRecord {
  readonly usecase: string;
  readonly model: string;
  readonly version: number;
  readonly unitId: string;
  readonly state: VersionDetail['state'];
  readonly madeAt: Micros;
  readonly standing: string;
  readonly sections: readonly Section[];
  readonly checks: readonly { readonly what: string; readonly holds: boolean }[];
}

export interface SignedComplianceRecord {
  readonly record: ComplianceRecord;
  /** Over the record's canonical JSON. */
  readonly signature: Signature;
}

const RISK = {
  recommender:
    'A recommender of an online shop is not a high-risk system: it is in none of the areas of Annex III of Regulation (EU) 2024/1689. ',
  classifier:
    'Whether a classifier is a high-risk system follows from what it decides about (Annex III of Regulation (EU) 2024/1689); one that finds financial fraud is excepted there by point 5(b). ',
} as const;

const STANDING =
  'The headings of Annex IV are used here as a design target, so that a use case which is one finds its evidence in place. This record is no conformity assessment.';

export interface ComplianceOptions {
  readonly usecase: UseCase;
  readonly version: number;
  readonly registry: Pick<RegistryReader, 'show'>;
  readonly audit: AuditSink;
  readonly keys: KeyStore;
  readonly clock: { now(): Micros };
}

/**
 * Gathers the evidence of a release and signs the record of it.
 * @throws MR_REGISTRY_VERSION_UNKNOWN; MR_GOVERNANCE_RELEASE_ALTERED where the manifest is not the one that was registered
 */
export async function complianceRecord(options: ComplianceOptions): Promise<SignedComplianceRecord> {
  const { usecase, registry, audit, keys, clock } = options;
  const detail = await registry.show(usecase.model.name, options.version);
  const text = manifestText(detail.manifest);
  if (sha256(text) !== detail.unitId || !(await keys.verify(Buffer.from(text), detail.signature))) {
    throw governanceError(
      'MR_GOVERNANCE_RELEASE_ALTERED',
      `the manifest of version ${detail.version} has the digest ${sha256(text)}`,
      {
        field: 'manifest',
        value: sha256(text),
        expected: detail.unitId,
      },
    );
  }
  const trail = about(detail, await wholeLog(audit));
  const log = await audit.verify();
  const record: ComplianceRecord = {
    usecase: usecase.name,
    model: detail.model,
    version: detail.version,
    unitId: detail.unitId,
    state: detail.state,
    madeAt: clock.now(),
    standing: `${RISK[usecase.kind]}${STANDING}`,
    sections: annexSections(usecase, detail, trail),
    checks: await checksOf(detail, trail, log, keys),
  };
  return { record, signature: await keys.sign(Buffer.from(canonicalJson(record))) };
}

async function checksOf(
  detail: VersionDetail,
  trail: readonly AuditRecord[],
  log: AuditVerdict,
  keys: KeyStore,
): Promise<ComplianceRecord['checks']> {
  const verdict = detail.verdicts.at(-1);
  const audited = (action: string) =>
    trail.some((record) => record.action === action && record.outcome !== 'refused' && record.outcome !== 'failed');
  const signed = await Promise.all(
    detail.verdicts.map(
      async ({ unitId, evidence, signature }) =>
        unitId === detail.unitId && (await keys.verify(Buffer.from(evidence), signature, 'gate')),
    ),
  );
  return [
    { what: 'the manifest is the one that was registered, and signed', holds: true },
    { what: 'the newest verdict of the gate is a pass', holds: verdict?.verdict === 'passed' },
    {
      what: 'every verdict is about this unit, and signed',
      holds: signed.every(Boolean),
    },
    {
      what: 'it was approved, and the approval is about this unit',
      holds: detail.approvals.some(({ unitId }) => unitId === detail.unitId),
    },
    {
      what: 'registration, verdict and approval are in the audit log',
      holds: ['registry.version.register', 'delivery.gate.verdict', 'registry.version.approve'].every(audited),
    },
    {
      what: log.verified
        ? `the audit log holds together, ${log.size} records`
        : `the audit log is broken at record ${log.brokenAt}`,
      holds: log.verified,
    },
  ];
}

async function wholeLog(audit: AuditSink): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let page = await audit.read(0); page.length > 0; page = await audit.read(records.length)) records.push(...page);
  return records;
}

/** The records about this version: by its name or unit, and the registration, which names the model and comes first at or after it. */
function about({ model, version, unitId, createdAt }: VersionDetail, records: readonly AuditRecord[]): readonly AuditRecord[] {
  const own = records.filter(({ subject }) => subject === `${model}@${version}` || subject === unitId);
  const registered = records.find(
    ({ action, subject, at, outcome }) =>
      action === 'registry.version.register' && subject === model && outcome === 'allowed' && at >= createdAt,
  );
  return registered === undefined ? own : [registered, ...own];
}
