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
    '- It orders items; it decides nothing about a person’s rights, credit, work or access to a service.',
    '- Lists follow past clicks: a taste can narrow (filter bubble), a group with few clicks is served less well. The gate holds each segment to its own floor.',
    '- Accounts that click together can push an item; the gate bounds by how much.',
    '',
    '## Choice of the person',
    '',
    `- Main parameters, shown to whoever asks (Regulation (EU) 2022/2065, Art. 27): ${usecase.serving.mainParameters.join('; ')}.`,
    '- Without profiling (Art. 38): a request without a user gets the list by popularity, marked as such; no feature of a person is read for it.',
    '',
  ];
}

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
