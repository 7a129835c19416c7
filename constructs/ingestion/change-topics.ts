import { DATA } from '../../app/usecases/data-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Site } from '../site.ts';
import { changeSourcesOf, changeTopicNames } from './change-sources.ts';
import type { Topic } from './topics.ts';

const PARTITIONS = 3;
const DAY_MS = 86_400_000;

/** Topics of the databases that a use case follows; none without one. */
export const changeTopics = (site: Site, usecase: UseCase): readonly Topic[] =>
  changeSourcesOf(site, usecase).flatMap((source) => {
    const { replication, minInSync } = site.plan.platform.kafka;
    const topic = (name: string, partitions: number, dataClass: string, config: Readonly<Record<string, string>>): Topic => ({
      name,
      partitions,
      replicas: replication.value,
      config: { ...config, 'min.insync.replicas': String(minInSync.value), 'unclean.leader.election.enable': 'false' },
      annotations: { [DATA.role]: 'internal', [DATA.dataClass]: dataClass, [DATA.piiFields]: '' },
    });
    const { tables, heartbeat, state } = changeTopicNames(source);
    const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(site.dials.load.retentionDays * DAY_MS) };
    return [
      // A row's changes keep their order: its key decides the partition.
      ...tables.map((name, index) => topic(name, PARTITIONS, source.tables[index]?.dataClass ?? 'internal', kept)),
      topic(heartbeat, 1, 'internal', kept),
      // One order for the connector's settings; the rest is by connector and task.
      ...state.map((name, index) => topic(name, index === 0 ? 1 : PARTITIONS, 'internal', { 'cleanup.policy': 'compact' })),
    ];
  });
