import { createHmac } from 'node:crypto';
import { canonicalJson } from '../canonical.ts';
import type { Clock, Micros } from '../clock/port.ts';
import { MillraceError } from '../errors.ts';
import type { ObjectStore } from '../lake/object-store/port.ts';
import type { AuditSink } from './audit-sink/port.ts';
import { reportKey, startedKey, startedPrefix } from './erasure-objects.ts';
import { type ErasureStores, eraseFromStores, type StoreOutcome } from './erasure-stores.ts';
import { governanceError } from './errors.ts';
import type { KeyStore, Signature } from './keys/port.ts';

export interface ErasureReport {
  readonly usecase: string;
  readonly pseudonym: string;
  readonly erasedAt: Micros;
  readonly actor: string;
  readonly stores: readonly StoreOutcome[];
  /** Of the audit record. */
  readonly auditIndex: number;
}

export interface SignedErasureReport {
  readonly report: ErasureReport;
  /** Over the report's canonical JSON. */
  readonly signature: Signature;
}

export interface ErasureOptions extends ErasureStores {
  /** The plain id. It is written nowhere: not to the report, the audit log or an error. */
  readonly subject: string;
  readonly keys: KeyStore;
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly objects: ObjectStore;
  /** Role that asks. @default 'local' */
  readonly actor?: string;
}

/** What a begun erasure leaves until its report is written. */
interface Started {
  readonly pseudonym: string;
  readonly actor: string;
  /** The id under a keyed hash, so that asking again after a crash finds its report; gone with this file. */
  readonly tag: string;
}

/**
 * Erases a person: data key first, then online rows; the rest is unreadable from then on. Leaves a signed report under
 * `erasures/` and an audit record, both by pseudonym. An erasure that died on the way is finished by the next one, by
 * `finishErasures`, or by asking again. @throws MR_GOVERNANCE_SUBJECT_UNKNOWN, with an audit record of the attempt
 */
export async function erase(options: ErasureOptions): Promise<SignedErasureReport> {
  const { keys, audit, objects, usecase, subject, actor = 'local' } = options;
  const finished = await finishPending(options);
  const tag = createHmac('sha256', await keys.secret('erasure-request'))
    .update(subject)
    .digest('hex');
  const pseudonym = (await keys.known(subject))?.pseudonym;
  if (pseudonym === undefined) {
    // Asked again after a crash: the id leads nowhere any more, but what it began was finished just now.
    const own = finished.get(tag);
    if (own !== undefined) return own;
    await audit.append({
      action: 'governance.subject.erase',
      actor,
      subject: 'unknown',
      outcome: 'refused',
      detail: { reason: 'no such subject' },
    });
    throw governanceError('MR_GOVERNANCE_SUBJECT_UNKNOWN', 'no data of this subject is kept, or it was erased before', {
      field: 'subject',
      expected: 'the id as the events carry it',
    });
  }
  const started: Started = { pseudonym, actor, tag };
  await objects.putIfAbsent(startedKey(usecase, pseudonym), Buffer.from(canonicalJson(started)));
  await keys.erase(subject);
  return complete(options, pseudonym, actor);
}

/** Completes erasures whose key is gone but whose report is missing: the process died in between. */
export async function finishErasures(options: Omit<ErasureOptions, 'subject'>): Promise<readonly SignedErasureReport[]> {
  return [...(await finishPending(options)).values()];
}

async function finishPending(options: Omit<ErasureOptions, 'subject'>): Promise<ReadonlyMap<string, SignedErasureReport>> {
  const { objects, keys, usecase } = options;
  const reports = new Map<string, SignedErasureReport>();
  for (const { key } of await objects.list(startedPrefix(usecase))) {
    const mark = await objects.get(key).catch(absent);
    // Another process finished it since it was listed.
    if (mark === undefined) continue;
    const { pseudonym, actor, tag } = JSON.parse(mark.toString()) as Started;
    // Where the key is still there, the erasure is just beginning elsewhere, or died before it took effect: it is asked for again.
    if ((await keys.byPseudonym(pseudonym)) === undefined) reports.set(tag, await complete(options, pseudonym, actor));
  }
  return reports;
}

async function complete(
  options: Omit<ErasureOptions, 'subject'>,
  pseudonym: string,
  actor: string,
): Promise<SignedErasureReport> {
  const { keys, audit, clock, usecase, objects } = options;
  const signed = (await erasureReport(options, pseudonym)) ?? (await reported());
  await objects.delete(startedKey(usecase, pseudonym));
  return signed;

  async function reported(): Promise<SignedErasureReport> {
    const stores = await eraseFromStores(options, pseudonym);
    const rows = stores.reduce((sum, { rows: own = 0 }) => sum + own, 0);
    const record = await audit.append({
      action: 'governance.subject.erase',
      actor,
      subject: pseudonym,
      outcome: 'done',
      detail: { stores: stores.length, rows },
    });
    const report: ErasureReport = {
      usecase: usecase.name,
      pseudonym,
      erasedAt: clock.now(),
      actor,
      stores,
      auditIndex: record.index,
    };
    const done = { report, signature: await keys.sign(Buffer.from(canonicalJson(report))) };
    await objects.put(reportKey(usecase, pseudonym), Buffer.from(`${canonicalJson(done)}\n`));
    return done;
  }
}

type Reports = Pick<ErasureOptions, 'usecase' | 'objects' | 'keys'>;

/** The signed report of an erased pseudonym. Undefined where there is none or its signature does not hold. */
export async function erasureReport(
  { usecase, objects, keys }: Reports,
  pseudonym: string,
): Promise<SignedErasureReport | undefined> {
  if (!/^s_[\w-]+$/.test(pseudonym)) return undefined;
  const text = await objects.get(reportKey(usecase, pseudonym)).catch(absent);
  if (text === undefined) return undefined;
  const signed = JSON.parse(text.toString()) as SignedErasureReport;
  return (await keys.verify(Buffer.from(canonicalJson(signed.report)), signed.signature)) ? signed : undefined;
}

function absent(error: unknown): undefined {
  if (error instanceof MillraceError && error.code === 'MR_LAKE_OBJECT_MISSING') return undefined;
  throw error;
}

/** The report as a person reads it. */
export function erasureText({ report, signature }: SignedErasureReport): string {
  const width = Math.max(...report.stores.map(({ store, name }) => store.length + name.length + 1));
  return [
    `Erased ${report.pseudonym} on ${new Date(report.erasedAt / 1000).toISOString()} (audit record ${report.auditIndex})`,
    ...report.stores.map(
      ({ store, name, outcome, rows, note }) =>
        `  ${`${store} ${name}`.padEnd(width)}  ${outcome.padEnd(10)}  ${rows === undefined ? '' : `${rows} row${rows === 1 ? '' : 's'}; `}${note}`,
    ),
    `Signed by ${signature.keyId}: ${signature.value}`,
  ].join('\n');
}
