/** `node scripts/findings.ts DIR ENVIRONMENT...`: counts and shows what the judges of scripts/judges said; 1 where they found something. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one judge says of one subject: lines of findings, and what it looked at. */
interface Verdict {
  readonly findings: readonly string[];
  readonly judged: number;
  /** Objects that it has no rules for, by kind. */
  readonly skipped?: Readonly<Record<string, number>>;
}

const [folder = '.', ...environments] = process.argv.slice(2);

interface Conformity {
  readonly resources: readonly { filename: string; kind: string; name: string; status: string; msg: string }[];
}
interface Score {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly path: string; readonly summary: string }[] | null;
  }[];
}
interface Checkov {
  readonly summary: {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly parsing_errors: number;
  };
  readonly results: Readonly<
    Record<'failed_checks' | 'skipped_checks', readonly { check_id: string; resource: string; check_name: string }[]>
  >;
}
type Hadolint = readonly { readonly line: number; readonly code: string; readonly message: string }[];

/** Grade that kube-score gives where all is well. */
const ALL_OK = 10;

const READ: Readonly<Record<string, (text: string) => Verdict>> = {
  kubeconform(text) {
    const { resources } = JSON.parse(text) as Conformity;
    const skipped: Record<string, number> = {};
    for (const { status, kind } of resources) if (status === 'statusSkipped') skipped[kind] = (skipped[kind] ?? 0) + 1;
    const findings = resources
      .filter(({ status }) => status !== 'statusValid' && status !== 'statusSkipped')
      .map(({ filename, kind, name, msg }) => `${filename} ${kind} ${name}: ${msg}`);
    return { findings, skipped, judged: resources.length };
  },
  'kube-score'(text) {
    const objects = JSON.parse(text) as readonly Score[];
    const findings = objects.flatMap(({ object_name, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade < ALL_OK)
        .map(
          ({ check, comments }) => `${object_name}: ${check.id}: ${(comments ?? []).map(({ summary }) => summary).join('; ')}`,
        ),
    );
    return { findings, judged: objects.length };
  },
  'pod-security'(text) {
    const lines = text.trimEnd().split('\n');
    const [, judged] = /^(\d+) pods, \d+ refused$/.exec(lines.pop() ?? '') ?? [];
    return { findings: lines.filter((line) => line !== ''), judged: Number(judged) };
  },
  checkov(text) {
    const { summary, results } = JSON.parse(text) as Checkov;
    const { passed, failed, skipped, parsing_errors: unread } = summary;
    const findings = [...results.failed_checks, ...results.skipped_checks].map(
      ({ check_id, resource, check_name }) => `${check_id} ${resource}: ${check_name}`,
    );
    if (unread > 0) findings.push(`${unread} files could not be read`);
    return { findings, judged: passed + failed + skipped };
  },
  hadolint: (text) => ({
    findings: (JSON.parse(text) as Hadolint).map(({ line, code, message }) => `Dockerfile:${line} ${code} ${message}`),
    judged: 1,
  }),
};

const UNITS: Readonly<Record<string, string>> = { checkov: 'checks', 'pod-security': 'pods', hadolint: 'file' };

function verdictOf(subject: string, judge: string): Verdict {
  const file = join(folder, `${subject}.${judge}`);
  try {
    const verdict = READ[judge]?.(readFileSync(file, 'utf8'));
    if (verdict === undefined || !(verdict.judged > 0)) throw new RangeError('it judged nothing');
    return verdict;
  } catch (cause) {
    const said = readFileSync(`${file}.err`, 'utf8').trim().split('\n').slice(-5).join('\n  ');
    return { findings: [`${judge} gave no verdict (${cause instanceof Error ? cause.message : cause}): ${said}`], judged: 0 };
  }
}

let total = 0;
const subjects = [
  ...environments.flatMap((name) =>
    ['kubeconform', 'kube-score', 'checkov', 'pod-security'].map((judge) => [name, judge] as const),
  ),
  ['Dockerfile', 'checkov'] as const,
  ['Dockerfile', 'hadolint'] as const,
];
for (const [subject, judge] of subjects) {
  const { findings, judged, skipped = {} } = verdictOf(subject, judge);
  total += findings.length;
  const without = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(skipped).map(([kind, count]) => `${count} ${kind}`);
  const note = without === 0 ? '' : `, ${without} of them without a schema (${kinds.join(', ')})`;
  process.stdout.write(
    `${subject.padEnd(12)}${judge.padEnd(14)}${String(findings.length).padStart(4)} findings  ${judged} ${UNITS[judge] ?? 'objects'}${note}\n`,
  );
  for (const finding of findings) process.stdout.write(`  ${finding}\n`);
}
process.stdout.write(`${total} findings\n`);
process.exitCode = total === 0 ? 0 : 1;
