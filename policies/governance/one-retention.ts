import { DATA } from '../../app/usecases/data-annotations.ts';
import { durationSeconds, whole } from '../amounts.ts';
import { containersIn, runs, usecaseOf, word, wordPath, workloads } from '../read.ts';
import type { Resource, StackRule, Violation } from '../rule.ts';
import { isManagedTopic, topicSettings, topicsOf } from '../topics.ts';
import { missing, violation } from '../violation.ts';

const PERSONAL = ['sensitive', 'pii'];

export const oneRetention: StackRule = {
  id: 'D04',
  name: 'governance-one-retention',
  layer: 'governance',
  severity: 'mandatory',
  title: 'Raw personal data is kept no longer than declared, in topic, lake and log alike',
  control: ['GDPR Art. 5(1)(e)'],
  reason: 'Storage is limited by law, and stores disagree by accident.',
  remediation: 'Give the use case one `retention`; it feeds the topics, the vacuum schedule and the prediction log.',
  kinds: ['kubernetes:*', 'aws:msk/topic:Topic'],
  checkStack: (resources) => {
    const topics = topicsOf(resources).filter(
      (topic) => PERSONAL.includes(word(topic, DATA.dataClass) ?? 'pii') || word(topic, DATA.role) === 'prediction',
    );
    const vacuums = workloads(resources).filter((workload) => containersIn(workload).some((of) => runs(of, 'lake', 'vacuum')));
    const usecases = new Set(topics.map(usecaseOf));
    return [
      ...[...usecases].flatMap((usecase) =>
        ofUseCase(
          topics.filter((topic) => usecaseOf(topic) === usecase),
          vacuums.filter((vacuum) => usecaseOf(vacuum) === usecase),
          usecase,
        ),
      ),
    ];
  },
};

function ofUseCase(topics: readonly Resource[], vacuums: readonly Resource[], usecase: string | undefined): readonly Violation[] {
  const declared = [...topics, ...vacuums]
    .map((topic) => word(topic, DATA.retention))
    .find((text) => durationSeconds(text) !== undefined);
  const all = [...topics, ...vacuums];
  return [
    ...all
      .filter((resource) => word(resource, DATA.retention) !== declared || declared === undefined)
      .map((resource) =>
        violation(oneRetention, resource, {
          property: wordPath(resource, DATA.retention),
          found: word(resource, DATA.retention),
          expected: declared === undefined ? 'a duration, e.g. 400d' : `${declared}, as the use case’s other stores say`,
        }),
      ),
    ...topics.flatMap((topic) => topicKeeps(topic, durationSeconds(declared))),
    ...vacuums.flatMap((vacuum) => vacuumKeeps(vacuum, durationSeconds(declared))),
    ...(vacuums.length === 0
      ? [
          missing(
            oneRetention,
            `a schedule of \`millrace lake vacuum\` for ${usecase ?? 'the platform'}`,
            'one that deletes what is older than the retention',
          ),
        ]
      : []),
  ];
}

function topicKeeps(topic: Resource, limit: number | undefined): readonly Violation[] {
  if (limit === undefined) return [];
  const found = topicSettings(topic)['retention.ms'];
  const milliseconds = whole(found);
  if (milliseconds !== undefined && milliseconds > 0 && milliseconds <= limit * 1_000) return [];
  return [
    violation(oneRetention, topic, {
      property: isManagedTopic(topic) ? 'configs' : 'spec.config["retention.ms"]',
      found,
      expected: `1 to ${limit * 1_000}`,
    }),
  ];
}

function vacuumKeeps(vacuum: Resource, limit: number | undefined): readonly Violation[] {
  if (limit === undefined) return [];
  return containersIn(vacuum)
    .filter((container) => runs(container, 'lake', 'vacuum'))
    .flatMap(({ words, path }) => {
      const found = words[words.indexOf('--retention') + 1];
      const kept = words.includes('--retention') ? durationSeconds(found) : undefined;
      if (kept !== undefined && kept <= limit) return [];
      const expected = `--retention with a duration of at most ${Math.floor(limit / 86_400)}d`;
      return [violation(oneRetention, vacuum, { property: `${path}.args`, found: words.join(' '), expected })];
    });
}
