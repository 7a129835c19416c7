import type { Construct } from 'constructs';
import { deadTopic, eventTopic, predictionTopic } from '../../app/ingestion/topics.ts';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { classOf, piiFieldsOf } from '../../app/usecases/manifests.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';
import { changeTopics } from './change-topics.ts';
import { CLUSTER, topicObject } from './names.ts';

/** One topic of a use case with everything that a broker or a rule must know of it; also what MSK's topics are made from. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const DAY_MS = 86_400_000;
/** Largest record: an event is a row, not a file. */
const MAX_BYTES = 1_048_576;
/** What seals the personal fields, as an object of this stack. */
const KEY = { kubernetes: 'ExternalSecret/keyring', aws: 'Key/subjects' } as const;

/** All topics of a use case, those of databases that it follows too: partitions and copies from the plan, classes and retention from the definition. */
export function topicsFor(site: Site, usecase: UseCase): readonly Topic[] {
  const { partitions } = planOf(site, usecase);
  const keyRef = KEY[site.dials.target];
  const retention = { [DATA.retention]: usecase.retention };
  const topic = (name: string, annotations: Record<string, string>): Topic => ({
    name,
    partitions: partitions[name]?.value ?? 1,
    replicas: site.plan.platform.kafka.replication.value,
    config: configOf(site, usecase),
    annotations,
  });
  const events = usecase.events.flatMap(({ name, fields }): Topic[] => {
    const dataClass = classOf(fields);
    const sealed = dataClass === 'pii' || dataClass === 'sensitive';
    const held = {
      [DATA.dataClass]: dataClass,
      [DATA.piiFields]: piiFieldsOf(fields),
      ...(sealed && { [DATA.keyRef]: keyRef, ...retention }),
    };
    return [
      topic(eventTopic(usecase, name), {
        [DATA.role]: 'event',
        ...held,
        [DATA.schema]: `${schemasName(usecase)}/${name}.json`,
        [DATA.compatibility]: 'BACKWARD',
        [DATA.deadLetter]: deadTopic(usecase, name),
      }),
      topic(deadTopic(usecase, name), { [DATA.role]: 'dead-letter', ...held }),
    ];
  });
  const prediction = topic(predictionTopic(usecase), {
    [DATA.role]: 'prediction',
    // Whom it was answered to, by pseudonym.
    [DATA.dataClass]: 'pii',
    [DATA.piiFields]: 'user_id',
    [DATA.keyRef]: keyRef,
    ...retention,
  });
  return [...events, prediction, ...changeTopics(site, usecase)];
}

/** The ConfigMap with the schemas of a use case's events. */
export const schemasName = ({ name }: Pick<UseCase, 'name'>): string => `${name}-schemas`;

function planOf(site: Site, usecase: UseCase) {
  const plan = site.plan.usecases[usecase.name];
  if (plan === undefined) throw new RangeError(`The plan has no use case '${usecase.name}'; plan it with planCapacity`);
  return plan;
}

/** Kept as long as the plan says, and never longer than the definition lets raw events live. */
function configOf({ dials, plan }: Site, usecase: UseCase): Record<string, string> {
  const longest = micros(usecase.retention) / 1_000;
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(Math.min(dials.load.retentionDays * DAY_MS, longest)),
    'min.insync.replicas': String(plan.platform.kafka.minInSync.value),
    'unclean.leader.election.enable': 'false',
    'max.message.bytes': String(MAX_BYTES),
    'message.timestamp.type': 'CreateTime',
  };
}

/** Each as an object that Strimzi's topic operator makes true. */
export function topics(scope: Construct, site: Site, usecase: UseCase): void {
  for (const { name, partitions, replicas, config, annotations } of topicsFor(site, usecase)) {
    customObject(scope, `topic-${name}`, 'kafka.strimzi.io/v1 KafkaTopic', {
      metadata: {
        name: topicObject(name),
        namespace: namespaceOf('ingestion'),
        labels: {
          ...labelsOf({ name: topicObject(name), layer: 'ingestion', usecase: usecase.name }, site.dials.owner),
          [CLUSTER]: PLATFORM,
        },
        annotations,
      },
      spec: { topicName: name, partitions, replicas, config },
    });
  }
}
