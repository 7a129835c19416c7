import { columns, momentText } from '../registry/text.ts';
import type { RecordedVerdict } from '../registry/version.ts';
import type { Evidence } from './evidence.ts';

/** A verdict for a person: each check with its number and its limit, and what it was judged on. */
export function verdictText(evidence: Evidence): string {
  const { model, version, verdict, judgedAt, checks, notJudged, judgedOn, champion, notes } = evidence;
  const cell = (value: number | string | null) => (typeof value === 'number' ? String(value) : '');
  const rows = checks.map(({ name, passed, measured, limit, reason }) => [
    passed ? 'ok' : 'FAIL',
    name,
    cell(measured),
    cell(limit),
    reason,
  ]);
  return [
    `${model} version ${version}: ${verdict} at ${momentText(judgedAt)}`,
    columns([['', 'CHECK', 'MEASURED', 'LIMIT', 'REASON'], ...rows]),
    ...(judgedOn === null
      ? []
      : [`judged on ${judgedOn.users} users from ${momentText(judgedOn.origin)} to ${momentText(judgedOn.end)}`]),
    ...(champion === null ? [] : [`beside the champion, version ${champion.version}, ${champion.as}`]),
    ...(notJudged.length === 0 ? [] : [`not judged: ${notJudged.join(', ')}`]),
    ...notes,
  ].join('\n');
}

/** One line a verdict, oldest first. */
export function verdictTable(
  verdicts: readonly { readonly recorded: RecordedVerdict; readonly evidence: Evidence; readonly holds: boolean }[],
): string {
  if (verdicts.length === 0) return 'no verdicts yet';
  const rows = verdicts.map(({ recorded, evidence, holds }) => [
    String(recorded.version),
    recorded.verdict,
    momentText(recorded.at),
    holds ? 'holds' : 'BROKEN',
    evidence.checks
      .filter(({ passed }) => !passed)
      .map(({ name }) => name)
      .join(', '),
  ]);
  return columns([['VERSION', 'VERDICT', 'AT', 'SIGNATURE', 'FAILED'], ...rows]);
}
