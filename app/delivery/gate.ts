import type { Logger } from 'pino';
import type { Clock } from '../clock/port.ts';
import type { AuditSink } from '../governance/audit-sink/port.ts';
import type { KeyStore } from '../governance/keys/port.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { Lake } from '../lake/port.ts';
import { traced } from '../monitoring/tracing/span.ts';
import { recordRefusal } from '../registry/act.ts';
import type { Registry } from '../registry/registry.ts';
import type { ReleaseManifest } from '../registry/release.ts';
import { checkInUse } from '../registry/sign-off.ts';
import type { Version } from '../registry/version.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { checkDataset } from './dataset-checks.ts';
import { deliveryError } from './errors.ts';
import { type Evidence, signEvidence, type Verdict } from './evidence.ts';
import { checkIntegrity } from './integrity.ts';
import type { JudgedData } from './judged-data.ts';
import { judgedNames, openJudging } from './kinds.ts';
import type { Timer } from './latency.ts';

export interface GateOptions {
  readonly usecase: UseCase;
  readonly registry: Registry;
  readonly lake: Lake;
  readonly objects: ObjectStore;
  readonly keys: KeyStore;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly version: number;
  readonly logger: Logger;
  /** Who judges, for the audit log. @default 'workload:gate' */
  readonly actor?: string;
  /** `sha256:…` of the image this runs in, which the verdict then covers. @default 'none' */
  readonly imageDigest?: string;
  readonly onProgress?: (message: string) => void;
  /** Milliseconds, for the latency check. @default performance.now */
  readonly timer?: Timer;
  /** Of a recommender. @default the manifest's pinned tables, read from the lake */
  readonly readData?: (manifest: ReleaseManifest) => Promise<JudgedData>;
}

/**
 * Judges a version, signs the evidence, and stores and audits it, whichever way it falls. Each call is a judgement of its
 * own. @throws MR_REGISTRY_VERSION_UNKNOWN, MR_REGISTRY_RETIRED, MR_DELIVERY_OTHER_MODEL, MR_DELIVERY_NOTHING_TO_JUDGE
 */
export const runGate = (options: GateOptions): Promise<Verdict> =>
  traced('gate', { attributes: { 'millrace.usecase': options.usecase.name } }, () => judgeVersion(options));

async function judgeVersion(options: GateOptions): Promise<Verdict> {
  const { usecase, registry, keys, audit, logger, actor = 'workload:gate' } = options;
  try {
    const version = await registry.show(usecase.model.name, options.version);
    const evidence = await gather(options, version);
    const { text, verdict } = await signEvidence(evidence, keys);
    await registry.recordVerdict(actor, { evidence: text, signature: verdict.signature });
    const failed = verdict.checks.filter(({ passed }) => !passed);
    logger.info({ version: version.version, unit: version.unitId, failed }, `the gate has ${verdict.verdict} the version`);
    return verdict;
  } catch (error) {
    const subject = `${usecase.model.name}@${options.version}`;
    await recordRefusal(audit, { action: 'delivery.gate.verdict', actor, subject }, error);
    throw error;
  }
}

async function gather(options: GateOptions, version: Version): Promise<Evidence> {
  const { usecase, registry, clock, onProgress = () => undefined } = options;
  const { manifest } = version;
  if (manifest.usecase !== usecase.name)
    throw deliveryError('MR_DELIVERY_OTHER_MODEL', `version ${version.version} was made for '${manifest.usecase}'`, {
      field: 'usecase',
      value: manifest.usecase,
      expected: usecase.name,
    });
  checkInUse(version);
  onProgress('checking digests, signature and definition');
  const { checks, unit } = await checkIntegrity(registry, usecase, version);
  const head = {
    kind: 'verdict' as const,
    usecase: usecase.name,
    model: version.model,
    version: version.version,
    unitId: version.unitId,
    approval: usecase.gate.approval,
    imageDigest: options.imageDigest ?? 'none',
    judgedAt: clock.now(),
  };
  // A file that is not as released, or made for another definition, is not run.
  if (unit === undefined || checks.some(({ passed }) => !passed)) {
    const notJudged = ['dataset', 'staleness', ...judgedNames(usecase)];
    return { ...head, verdict: 'refused', checks, notJudged, judgedOn: null, champion: null, notes: [] };
  }
  onProgress('reading the pinned snapshot');
  const judging = await openJudging(options, manifest);
  const champion = await registry.alias(version.model, 'champion');
  // One that was revoked is no measure of anything.
  const rival = champion?.version === version.version || champion?.state === 'revoked' ? undefined : champion;
  const timer = options.timer ?? (() => performance.now());
  const judged = await judging.judge({ ...options, version, unit, champion: rival, timer, onProgress });
  const all = [...checks, ...checkDataset(manifest, rival?.manifest, judging.data, head.judgedAt), ...judged.checks];
  const made = new Set(all.map(({ name }) => name));
  return {
    ...head,
    verdict: all.every(({ passed }) => passed) ? 'passed' : 'refused',
    checks: all,
    notJudged: judgedNames(usecase).filter((name) => !made.has(name)),
    judgedOn: {
      tables: manifest.dataset.tables,
      origin: judging.data.fold.origin,
      end: judging.data.fold.end,
      users: judging.cases,
    },
    champion: judged.champion,
    notes: judged.notes,
  };
}
