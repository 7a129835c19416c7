import { governanceSections } from '../governance/model-card.ts';
import type { Evaluation, Interval, ReleaseManifest } from '../registry/release.ts';
import type { Kind } from '../usecases/model.ts';
import type { UseCase } from '../usecases/usecase.ts';

/** What the card tells; made before the files have an address, since the card is one of them. */
export type CardSubject = Omit<ReleaseManifest, 'files' | 'prefix' | 'createdAt'>;

/** The model card (Mitchell et al. 2019) as Markdown. Equal subjects give equal text: no wall time is in it. */
export function modelCard(
  usecase: UseCase,
  subject: CardSubject,
  judged: { readonly from: number; readonly until: number },
): string {
  const { dataset, metrics, baseline } = subject;
  const words = CARD_WORDS[usecase.kind];
  const names = Object.keys(metrics.metrics);
  const parts: readonly [string, Evaluation['segments'][string], Evaluation['segments'][string] | undefined][] = [
    ['all', metrics, baseline],
    ...Object.entries(metrics.segments).map(
      ([name, part]) => [name, part, baseline.segments[name]] as [string, typeof part, typeof part],
    ),
  ];
  return [
    `# Model card: ${subject.model}`,
    '',
    usecase.purpose,
    '',
    `- Owner: ${usecase.owner}`,
    `- Trainer: ${subject.trainer}, code commit ${subject.codeCommit}, seed ${subject.seed}`,
    `- Inputs: ${subject.inputs.map((input) => `\`${input}\``).join(', ')}`,
    `- Parameters: ${pairs(subject.parameters)}`,
    `- Search: ${subject.search.trials} trials over ${subject.search.folds} folds`,
    '',
    '## Training data',
    '',
    `- Tables at versions: ${pairs(dataset.tables)}`,
    `- Events: ${dataset.rows}, before ${iso(dataset.until)}`,
    `- Query hash: \`${dataset.queryHash}\``,
    ...(dataset.note === undefined ? [] : [`- Note: ${dataset.note}`]),
    '',
    '## Evaluation',
    '',
    `Judged from ${iso(judged.from)} to ${iso(judged.until)} by a model of the same parameters that had seen nothing of that time:`,
    words.judged,
    '',
    `| segment | ${words.cases} | ${names.join(' | ')} | ${names.map((name) => `${name} of ${words.baseline}`).join(' | ')} |`,
    `|---|---${'|---'.repeat(2 * names.length)}|`,
    ...parts.map(([name, part, base]) => {
      const cells = [...names.map((metric) => cell(part.metrics[metric])), ...names.map((metric) => cell(base?.metrics[metric]))];
      return `| ${name} | ${part.users} | ${cells.join(' | ')} |`;
    }),
    '',
    '## Intended use and limits',
    '',
    `- Main parameters of the ${words.answer}: ${usecase.serving.mainParameters.join('; ')}.`,
    ...words.limits,
    '',
    ...governanceSections(usecase),
    '',
  ].join('\n');
}

/** What a kind's releases are judged on, and beside what. */
export const CARD_WORDS: Readonly<
  Record<Kind, Readonly<Record<'judged' | 'cases' | 'baseline' | 'answer', string>> & { readonly limits: readonly string[] }>
> = {
  recommender: {
    judged:
      'one list of 20 per user, from the features as they were just before the user’s first event there. 95 % bootstrap intervals.',
    cases: 'users',
    baseline: 'popularity',
    answer: 'ranking',
    limits: [
      '- It knows only items that were clicked before the end of the training data; a new item appears after the next training.',
      '- It learns from what was shown and clicked, so it repeats what earlier rankings made visible.',
      '- Past metrics do not show the effect of a list on what people do; compare versions on live hits before trusting a small gain.',
    ],
  },
  classifier: {
    judged:
      'each event there, from its own fields and the features as they were just before it. 95 % bootstrap intervals; of ece and brier less is better.',
    cases: 'events',
    baseline: 'the best rule over one input',
    answer: 'decision',
    limits: [
      '- An event counts as none of the class when no outcome came in time: a later one is a wrong label.',
      '- It learns outcomes of events that were let through; of those that were stopped nobody knows what they would have been.',
      '- Those it looks for change their ways to get past it; its live metrics and the drift monitors say when.',
    ],
  },
};

const iso = (micros: number): string => new Date(Math.floor(micros / 1000)).toISOString();
const pairs = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
const cell = (interval: Interval | undefined): string =>
  interval === undefined ? '–' : `${interval.value.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`;
