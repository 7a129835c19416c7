import { apiKind } from './kinds.ts';
import type { Rule } from './rule.ts';

const GROUPS = { D: 'Data', M: 'Model', S: 'Serving', K: 'Cluster', C: 'Cloud (AWS)', F: 'Cost' } as const;

/** The catalogue as Markdown, a table for each group. */
export const policiesPage = (rules: readonly Rule[]): string =>
  [
    '# Policies',
    '',
    'Generated from `policies/` by `node scripts/policies-page.ts`. A mandatory rule fails `pulumi preview --policy-pack policies`;',
    'an advisory one is printed. Those marked † are advice in dev. Those marked ⛨ are admission policies of the API server too.',
    'Waivers are in `policies/waivers.json`, each with rule, resource, owner, reason and last day.',
    ...Object.entries(GROUPS).flatMap(([letter, title]) => [
      '',
      `## ${title}`,
      '',
      '| id | rule | why | answers to | what to do |',
      '| --- | --- | --- | --- | --- |',
      ...rules.filter(({ id }) => id.startsWith(letter)).map(row),
    ]),
    '',
  ].join('\n');

const row = (rule: Rule): string => {
  const { id, severity, relaxedInDev, title, reason, control, remediation } = rule;
  const marks = `${relaxedInDev === true ? ' †' : ''}${isAdmission(rule) ? ' ⛨' : ''}`;
  const cells = [`${id} ${severity}${marks}`, title, reason, control.join('; '), remediation];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
};

const isAdmission = ({ object, kinds }: Rule): boolean =>
  object !== undefined && kinds.some((kind) => apiKind(kind) !== undefined);
