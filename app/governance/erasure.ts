import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../canonical.ts';
import type { Clock, Micros } from '../clock/port.ts';
import type { AuditSink } from './audit-sink/port.ts';
import { type ErasureStores, eraseFromStores, type StoreOutcome } from './erasure-stores.ts';
import { governanceError } from './errors.ts';
import { syncFolder, writeDurably } from './keys/folder.ts';
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
  readonly dataDir: string;
  /** Role that asks. @default 'local' */
  readonly actor?: string;
}

const FOLDER = 'erasures';
const STARTED = '.started.json';

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
  const { keys, audit, dataDir, subject, actor = 'local' } = options;
  const folder = join(dataDir, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
  const started = join(folder, `${pseudonym}${STARTED}`);
  if (!existsSync(started)) {
    writeDurably(started, Buffer.from(canonicalJson({ pseudonym, actor, tag } satisfies Started)));
    syncFolder(folder);
  }
  await keys.erase(subject);
  return complete(options, pseudonym, actor);
}

/** Completes erasures whose key is gone but whose report is missing: the process died in between. */
export async function finishErasures(options: Omit<ErasureOptions, 'subject'>): Promise<readonly SignedErasureReport[]> {
  return [...(await finishPending(options)).values()];
}

async function finishPending(options: Omit<ErasureOptions, 'subject'>): Promise<ReadonlyMap<string, SignedErasureReport>> {
  const folder = join(options.dataDir, FOLDER);
  const reports = new Map<string, SignedErasureReport>();
  if (!existsSync(folder)) return reports;
  for (const name of readdirSync(folder).filter((name) => name.endsWith(STARTED))) {
    const { pseudonym, actor, tag } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Started;
    if ((await options.keys.byPseudonym(pseudonym)) === undefined) reports.set(tag, await complete(options, pseudonym, actor));
    // The key is still there: the erasure died before it took effect. Whoever asked got no report, and asks again.
    else rmSync(join(folder, name));
  }
  return reports;
}

async function complete(
  options: Omit<ErasureOptions, 'subject'>,
  pseudonym: string,
  actor: string,
): Promise<SignedErasureReport> {
  const { keys, audit, clock, usecase, dataDir } = options;
  const folder = join(dataDir, FOLDER);
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
  const signed = { report, signature: await keys.sign(Buffer.from(canonicalJson(report))) };
  const path = join(folder, `${pseudonym}.json`);
  rmSync(`${path}.new`, { force: true });
  writeDurably(`${path}.new`, Buffer.from(`${canonicalJson(signed)}\n`));
  renameSync(`${path}.new`, path);
  rmSync(join(folder, `${pseudonym}${STARTED}`), { force: true });
  syncFolder(folder);
  return signed;
}

/** The signed report of an erased pseudonym, for "erased on …". Undefined where there is none or its signature does not hold. */
export async function erasureReport(
  dataDir: string,
  pseudonym: string,
  keys: KeyStore,
): Promise<SignedErasureReport | undefined> {
  const path = join(dataDir, FOLDER, `${pseudonym}.json`);
  if (!/^s_[\w-]+$/.test(pseudonym) || !existsSync(path)) return undefined;
  const signed = JSON.parse(readFileSync(path, 'utf8')) as SignedErasureReport;
  return (await keys.verify(Buffer.from(canonicalJson(signed.report)), signed.signature)) ? signed : undefined;
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
