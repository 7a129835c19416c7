import type { UseCase } from '../usecases/usecase.ts';
import type { SignedComplianceRecord } from './compliance-record.ts';
import { governanceSections } from './model-card.ts';

/** The record as Markdown, for a person who has to judge it. */
export function complianceText({ record, signature }: SignedComplianceRecord, usecase: UseCase): string {
  return [
    `# Compliance record: ${record.model} version ${record.version}`,
    '',
    record.standing,
    '',
    `- Unit: \`${record.unitId}\``,
    `- State: ${record.state}`,
    `- Made: ${new Date(record.madeAt / 1000).toISOString()}`,
    `- Signed by ${signature.keyId}: \`${signature.value}\``,
    '',
    '## Checks made for this record',
    '',
    ...record.checks.map(({ what, holds }) => `- ${holds ? 'holds' : '**does not hold**'}: ${what}`),
    '',
    ...record.sections.flatMap(({ number, heading, statements, evidence }) => [
      `## ${number}. ${heading}`,
      '',
      ...(statements.length === 0 ? ['Nothing yet.'] : statements.map((statement) => `- ${statement}`)),
      ...evidence.map(({ what, where }) => `- Evidence, ${what}: \`${where}\``),
      '',
    ]),
    ...governanceSections(usecase),
  ].join('\n');
}
