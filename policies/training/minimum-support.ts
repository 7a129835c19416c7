import { MODEL } from '../../app/usecases/model-annotations.ts';
import { pairs, whole } from '../amounts.ts';
import { holds } from '../evaluate.ts';
import { type ViewEntry, viewEntries } from '../manifest-data.ts';
import { usecaseOf, word, wordPath, workloads } from '../read.ts';
import type { Context, Resource, StackRule, Violation } from '../rule.ts';
import { trains } from '../trains.ts';
import { violation } from '../violation.ts';

export const minimumSupport: StackRule = {
  id: 'M12',
  name: 'training-minimum-support',
  layer: 'training',
  severity: 'mandatory',
  title: 'Users and items with too few events get no published embedding',
  control: ['OWASP ML04', 'GDPR Art. 25'],
  reason: 'A vector learnt from one or two events tells who was in the training set.',
  remediation: 'Raise `minSupport` of the embedding view.',
  kinds: ['kubernetes:*'],
  checkStack: (resources, context) =>
    viewEntries(resources)
      .filter(({ document }) => document?.['kind'] === 'embedding')
      .flatMap((view) => judge(view, resources, context)),
};

function judge(
  { resource, usecase, path, document }: ViewEntry,
  resources: readonly Resource[],
  { config }: Context,
): readonly Violation[] {
  const view = String(document?.['name']);
  const least = whole(document?.['minSupport']);
  const published =
    least !== undefined && least >= config.minSupport
      ? []
      : [
          violation(minimumSupport, resource, {
            property: path,
            found: `minSupport: ${JSON.stringify(document?.['minSupport'])}`,
            expected: `minSupport of ${config.minSupport} or more`,
          }),
        ];
  const trainers = workloads(resources, 'training').filter(
    (workload) => usecaseOf(workload) === usecase && holds(trains, workload.props),
  );
  const differing = trainers.filter(
    (trainer) => pairs(word(trainer, MODEL.minSupport))[view] !== String(document?.['minSupport']),
  );
  return [
    ...published,
    ...differing.map((trainer) =>
      violation(minimumSupport, trainer, {
        property: wordPath(trainer, MODEL.minSupport),
        found: word(trainer, MODEL.minSupport),
        expected: `${view}=${JSON.stringify(document?.['minSupport'])}, as the feature-views manifest says`,
      }),
    ),
  ];
}
