import type { UseCase } from '../usecases/usecase.ts';

/** The part of a model card that governance answers for: whose data, what may go wrong for people, what they can do. Markdown lines. */
export function governanceSections(usecase: UseCase): readonly string[] {
  const sealed = [...usecase.events, ...usecase.tables].flatMap(({ name, fields }) =>
    Object.entries(fields)
      .filter(([, field]) => field.class === 'pii')
      .map(([field, { subject }]) => `\`${name}.${field}\` (${subject ? 'pseudonym' : 'sealed'})`),
  );
  const learnt = usecase.views.flatMap((view) =>
    view.kind === 'embedding' && view.class === 'pii' ? [`\`${view.name}.${view.feature}\` (sealed)`] : [],
  );
  const sensitive = usecase.events.flatMap(({ name, fields }) =>
    Object.entries(fields)
      .filter(([, field]) => field.class === 'sensitive')
      .map(([field]) => `\`${name}.${field}\``),
  );
  return [
    '## Personal data',
    '',
    `- Fields of class pii: ${list([...sealed, ...learnt])}.`,
    `- Fields of class sensitive: ${list(sensitive)}.`,
    `- Raw events are kept for ${usecase.retention}. A person is erased by \`millrace governance erase <subject>\`: the key goes at once, the next training leaves the person out; until then the model holds their share of its weights.`,
    '',
    '## Ethical considerations',
    '',
    ...CONSIDERATIONS[usecase.kind],
    '',
    '## Choice of the person',
    '',
    ...choice(usecase),
    '',
  ];
}

const CONSIDERATIONS: Readonly<Record<UseCase['kind'], readonly string[]>> = {
  recommender: [
    '- It orders items; it decides nothing about a person’s rights, credit, work or access to a service.',
    '- Lists follow past clicks: a taste can narrow (filter bubble), a group with few clicks is served less well. The gate holds each segment to its own floor.',
    '- Accounts that click together can push an item; the gate bounds by how much.',
  ],
  classifier: [
    '- A wrong decision falls on a person: whoever acts on it keeps a way to a human who can change it (Regulation (EU) 2016/679, Art. 22).',
    '- A group with few events is judged on less. The gate holds each segment to its own floor.',
    '- It can be evaded and poisoned; the gate bounds what turned labels and chosen fields can do.',
  ],
};

function choice({ kind, serving }: UseCase): readonly string[] {
  const main = serving.mainParameters.join('; ');
  if (kind === 'classifier')
    return [
      `- What counts most, shown to whoever asks: ${main}.`,
      `- Where the model cannot be asked, the decision is '${serving.fallback}'.`,
    ];
  return [
    `- Main parameters, shown to whoever asks (Regulation (EU) 2022/2065, Art. 27): ${main}.`,
    '- Without profiling (Art. 38): a request without a user gets the list by popularity, marked as such; no feature of a person is read for it.',
  ];
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
