import type { VerdictState } from '../../app/monitoring/page/state.ts';
import type { RecordedVerdict } from '../../app/registry/version.ts';

interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly measured: unknown;
  readonly limit: unknown;
  readonly reason: string;
}

/** The registry's verdicts, which come oldest first, as the page shows them: newest first, each with its checks. */
export const verdictStates = (recorded: readonly RecordedVerdict[]): readonly VerdictState[] =>
  recorded.map(verdictState).reverse();

function verdictState({ version, verdict, at, evidence }: RecordedVerdict): VerdictState {
  const { checks = [] } = JSON.parse(evidence) as { readonly checks?: readonly Check[] };
  return {
    version,
    verdict,
    at,
    checks: checks.map(({ name, passed, measured, limit, reason }) => ({
      name,
      passed,
      measured: text(measured),
      limit: text(limit),
      reason,
    })),
  };
}

function text(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
