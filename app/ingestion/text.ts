import { formatTimestamp } from '../clock/timestamp.ts';
import { rowsText } from '../lake/text.ts';
import { faultText } from '../validation/fault.ts';
import type { ListedLetter, ReplayCount } from './replay.ts';
import type { IngestionStatus } from './status.ts';
import type { UploadReport } from './upload.ts';

export function statusText({ topics, dead }: IngestionStatus): string {
  const lines = dead.map(
    ({ event, letters, notReplayed }) => `${event}: ${letters} refused, ${notReplayed} of them not replayed yet`,
  );
  return [rowsText(topics.map((topic) => ({ ...topic }))), '', ...lines].join('\n');
}

/** A line for each fault, so that one can be found by its field. */
export function lettersText(letters: readonly ListedLetter[]): string {
  const lines = letters.flatMap(({ at, source, attempts, replayed, faults }) => {
    const tries = `${attempts} ${attempts === 1 ? 'try' : 'tries'}${replayed ? ', replayed' : ''}`;
    return faults.map((fault) => `${formatTimestamp(at)}  ${source}  ${tries}  ${faultText(fault)}`);
  });
  return lines.length === 0 ? 'no dead letters' : lines.join('\n');
}

export function replayText({ replayed, accepted, duplicates, refused, gone }: ReplayCount): string {
  if (replayed === 0) return 'no dead letters to replay';
  return `${replayed} replayed: ${accepted} accepted, ${duplicates} known already, ${refused} refused again, ${gone} gone`;
}

export function uploadText({ file, rows, accepted, duplicates, refused, from, faults }: UploadReport): string {
  const lines = faults.flatMap(({ line, faults: found }) => found.map((fault) => `${file}:${line}: ${faultText(fault)}`));
  const more = refused > faults.length ? [`… and ${refused - faults.length} more rows`] : [];
  const start = from === 0 ? '' : from === rows ? ' (taken in before)' : ` (from row ${from + 1} on)`;
  return [...lines, ...more, `${rows} rows${start}: ${accepted} accepted, ${duplicates} known already, ${refused} refused`].join(
    '\n',
  );
}
