import { canonicalJson } from '../canonical.ts';
import type { Micros } from '../clock/port.ts';
import type { KeyStore, Signature } from '../governance/keys/port.ts';
import type { EvidenceHead } from '../registry/sign-off.ts';
import type { RecordedVerdict } from '../registry/version.ts';
import type { Check } from './check.ts';

/** All that a verdict rests on. Its canonical JSON is what is signed and stored. */
export interface Evidence extends EvidenceHead {
  readonly usecase: string;
  readonly judgedAt: Micros;
  readonly checks: readonly Check[];
  /** Checks that could not be made, because a check before them failed. */
  readonly notJudged: readonly string[];
  readonly judgedOn: JudgedOn | null;
  /** Whom the version was compared with, and how; null for the first champion. */
  readonly champion: ChampionNote | null;
  /** What a reader needs to know about how the numbers came about. */
  readonly notes: readonly string[];
}

export interface JudgedOn {
  /** Lake tables at their Delta versions: the candidate's own pin. */
  readonly tables: Readonly<Record<string, number>>;
  /** The newest fold: models learn from what is before `origin` and are judged on [origin, end). */
  readonly origin: Micros;
  readonly end: Micros;
  readonly users: number;
}

export interface ChampionNote {
  readonly version: number;
  readonly unitId: string;
  /** `served`: its own files and vectors; `retrained`: its parameters on the events before the origin, as it knows later ones. */
  readonly as: 'served' | 'retrained';
}

/** Evidence and the platform's signature over its canonical JSON. */
export interface Verdict extends Evidence {
  readonly signature: Signature;
}

/** Signs the evidence. The text is what `registry.recordVerdict` stores. */
export async function signEvidence(
  evidence: Evidence,
  keys: KeyStore,
): Promise<{ readonly text: string; readonly verdict: Verdict }> {
  const text = canonicalJson(evidence);
  const signature = await keys.sign(Buffer.from(text), 'gate');
  return { text, verdict: { ...evidence, signature } };
}

/** Whether a stored verdict is the one that was signed. */
export const verdictHolds = (
  { evidence, signature }: Pick<RecordedVerdict, 'evidence' | 'signature'>,
  keys: KeyStore,
): Promise<boolean> => keys.verify(Buffer.from(evidence), signature, 'gate');

export const readEvidence = ({ evidence }: Pick<RecordedVerdict, 'evidence'>): Evidence => JSON.parse(evidence) as Evidence;
