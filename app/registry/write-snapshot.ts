import { canonicalJson } from '../canonical.ts';
import type { Clock } from '../clock/port.ts';
import { MillraceError } from '../errors.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import { samePerson } from './act.ts';
import { sha256 } from './digest.ts';
import type { Registry } from './registry.ts';
import { approvalText, type EvidenceHead } from './sign-off.ts';
import {
  type ApprovalSnapshot,
  type GateCheckSnapshot,
  type ModelSnapshot,
  type RegistrySnapshot,
  SNAPSHOT_FORMAT,
  snapshotText,
  type UnitSnapshot,
} from './snapshot.ts';
import type { RecordedVerdict, VersionDetail } from './version.ts';

type Source = Pick<Registry, 'list' | 'show' | 'alias' | 'deployments' | 'loadUnit'>;
type Signer = Pick<KeyStore, 'sign' | 'verify'>;

/** What the snapshot reads in a verdict's evidence. */
type Evidence = EvidenceHead & {
  readonly judgedAt?: number;
  readonly checks?: readonly GateCheckSnapshot[];
  readonly notJudged?: readonly string[];
};

/** Checks of the gate that attack a model or its file, and what each stands for. */
const ATTACKS: Readonly<Record<string, string>> = {
  adversarial: 'poisoning',
  flippedLabels: 'poisoning',
  evasion: 'evasion',
  extraction: 'extraction',
  extremes: 'fuzz',
  onnx: 'fuzz',
  weights: 'fuzz',
};

/**
 * The registry's state of the models as one signed file: canonical JSON, so that the same state at the same time gives the
 * same bytes. Each signature in it is checked here, by the one who has the keys.
 */
export async function writeSnapshot(registry: Source, models: readonly string[], keys: Signer, clock: Clock): Promise<Buffer> {
  const snapshots: Record<string, ModelSnapshot> = {};
  for (const model of [...models].sort()) snapshots[model] = await modelSnapshot(registry, model, keys);
  // The id of the key that signs is signed along.
  const { keyId } = await keys.sign(Buffer.alloc(0));
  const snapshot: RegistrySnapshot = { format: SNAPSHOT_FORMAT, at: clock.now(), keyId, models: snapshots };
  const signature = await keys.sign(Buffer.from(snapshotText(snapshot)));
  return Buffer.from(`${canonicalJson({ ...snapshot, signature })}\n`);
}

async function modelSnapshot(registry: Source, model: string, keys: Signer): Promise<ModelSnapshot> {
  const champion = (await registry.alias(model, 'champion'))?.version ?? null;
  const challenger = (await registry.alias(model, 'challenger'))?.version ?? null;
  const served = (await registry.deployments(model)).map(({ version }) => version).reverse();
  const versions: UnitSnapshot[] = [];
  for (const { version } of await registry.list(model))
    versions.push(await unitSnapshot(registry, await registry.show(model, version), keys));
  return { champion, challenger, formerChampions: [...new Set(served)].filter((version) => version !== champion), versions };
}

async function unitSnapshot(registry: Source, detail: VersionDetail, keys: Signer): Promise<UnitSnapshot> {
  const { model, version, unitId, state, author, manifest } = detail;
  const text = canonicalJson(manifest);
  const files = await filesOf(registry, unitId);
  const verdict = detail.verdicts.at(-1);
  const evidence = verdict === undefined ? undefined : (JSON.parse(verdict.evidence) as Evidence);
  return {
    ...{ usecase: manifest.usecase, model, version, unitId, state, author },
    revoked: state === 'revoked',
    signed: sha256(text) === unitId && (await keys.verify(Buffer.from(text), detail.signature)),
    whole: files !== undefined,
    files: manifest.files,
    card: (files?.['card.md'].toString('utf8').trim() ?? '') !== '',
    featureViews: manifest.featureViews,
    schemaHash: manifest.schemaHash,
    metrics: manifest.metrics,
    thresholds: manifest.thresholds,
    gate: verdict === undefined || evidence === undefined ? null : await gateSnapshot(verdict, evidence, unitId, keys),
    approvals: await Promise.all(
      detail.approvals.map((approval) => approvalSnapshot(detail, approval, evidence?.approval, keys)),
    ),
    imageDigest: evidence?.imageDigest ?? 'none',
    robustness: evidence === undefined || verdict === undefined ? null : robustness(verdict, evidence),
    bom: {
      card: manifest.files['card.md'].sha256,
      dataSets: Object.entries(manifest.dataset.tables).map(([table, of]) => ({ table, version: of })),
      queryHash: manifest.dataset.queryHash,
      trainer: manifest.trainer,
      codeCommit: manifest.codeCommit,
      baseModels: [],
    },
  };
}

/** Every file with the right digest; undefined where one is missing or was changed. */
async function filesOf(registry: Source, unitId: string) {
  try {
    return (await registry.loadUnit(unitId)).files;
  } catch (error) {
    if (error instanceof MillraceError && error.code.startsWith('MR_REGISTRY_')) return undefined;
    throw error;
  }
}

async function gateSnapshot(
  verdict: RecordedVerdict,
  evidence: Evidence,
  unitId: string,
  keys: Signer,
): Promise<UnitSnapshot['gate']> {
  return {
    at: verdict.at,
    passed: verdict.verdict === 'passed' && evidence.verdict === 'passed',
    signed: evidence.unitId === unitId && (await keys.verify(Buffer.from(verdict.evidence), verdict.signature, 'gate')),
    checks: (evidence.checks ?? []).map(({ name, passed, measured, limit }) => ({ name, passed, measured, limit })),
    notJudged: evidence.notJudged ?? [],
  };
}

async function approvalSnapshot(
  detail: VersionDetail,
  approval: VersionDetail['approvals'][number],
  policy: EvidenceHead['approval'] | undefined,
  keys: Signer,
): Promise<ApprovalSnapshot> {
  const { approver, at, signature, unitId } = approval;
  return {
    approver,
    at,
    signed: unitId === detail.unitId && (await keys.verify(Buffer.from(approvalText(detail, { approver, at })), signature)),
    counts: policy === 'local' || !samePerson(approver, detail.author),
  };
}

function robustness(verdict: RecordedVerdict, { judgedAt, checks = [] }: Evidence): UnitSnapshot['robustness'] {
  const attacks = checks.filter(({ name }) => name in ATTACKS);
  if (attacks.length === 0) return null;
  const tried = [...new Set(attacks.map(({ name }) => ATTACKS[name] ?? name))].sort();
  return { at: judgedAt ?? verdict.at, passed: attacks.every(({ passed }) => passed), tried };
}
