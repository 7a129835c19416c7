import type { KeyStore } from '../governance/keys/port.ts';
import type { Lake } from '../lake/port.ts';
import type { Registry } from '../registry/registry.ts';
import type { ReleaseManifest } from '../registry/release.ts';
import type { LoadedUnit } from '../registry/unit.ts';
import type { Version } from '../registry/version.ts';
import type { UseCase } from '../usecases/usecase.ts';
import { classifierChecks, openClassifierJudging } from './classifier/judge.ts';
import type { JudgedSpan } from './dataset-checks.ts';
import { deliveryError } from './errors.ts';
import { type Judged, judge, recommenderChecks } from './judge.ts';
import { type JudgedData, readJudgedData } from './judged-data.ts';
import type { Timer } from './latency.ts';

/** What every kind's judge is asked with. */
export interface JudgeRequest {
  readonly registry: Pick<Registry, 'loadUnit'>;
  readonly lake: Lake;
  readonly keys: KeyStore;
  readonly version: Version;
  readonly unit: LoadedUnit;
  /** Whom the version is compared with. */
  readonly champion: Version | undefined;
  readonly timer: Timer;
  onProgress(message: string): void;
}

/** A version's own past, open to be judged on. */
export interface Judging {
  readonly data: JudgedSpan;
  /** Users, or events. */
  readonly cases: number;
  judge(request: JudgeRequest): Promise<Judged>;
}

export interface JudgingSources {
  readonly usecase: UseCase;
  readonly lake: Lake;
  readonly keys: KeyStore;
  /** Of a recommender. @default the manifest's pinned tables, read from the lake */
  readonly readData?: (manifest: ReleaseManifest) => Promise<JudgedData>;
}

/** Opens the snapshot that a version was trained on, for its kind. @throws MR_DELIVERY_NOTHING_TO_JUDGE */
export async function openJudging(sources: JudgingSources, manifest: ReleaseManifest): Promise<Judging> {
  const { usecase, lake, keys } = sources;
  if (usecase.kind === 'classifier') return openClassifierJudging({ usecase, lake, keys }, manifest);
  const data = await (sources.readData ?? ((of) => readJudgedData({ usecase, lake, keys }, of)))(manifest);
  if (data.moments.length === 0) {
    throw deliveryError('MR_DELIVERY_NOTHING_TO_JUDGE', 'no user of the newest fold turned to something new', {
      field: 'moments',
      value: 0,
      expected: 'one at least',
    });
  }
  return { data, cases: data.moments.length, judge: (request) => judge({ ...request, usecase, data }) };
}

/** Names of the checks that a kind's judge makes, for evidence that ended before them. */
export const judgedNames = (usecase: UseCase): readonly string[] =>
  usecase.kind === 'classifier' ? classifierChecks(usecase) : recommenderChecks(usecase);
