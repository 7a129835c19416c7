import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { ErasureDocument } from '../../app/usecases/manifests.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Dials } from '../dials.ts';
import { shardName } from '../features/valkey.ts';
import { topicObject } from '../ingestion/names.ts';
import { topicsFor } from '../ingestion/topics.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';

/** The stores that all use cases share, and what an erasure does in each. */
export function platformErasure({ dials, plan }: Site): ErasureDocument {
  const { aws } = dials;
  const { log, online, metadata, warehouse } = dials.providers;
  const shards = Array.from({ length: plan.platform.valkey.shards.value }, (_, shard) => shardName(shard));
  return {
    stores: [
      ...(log === 'single' ? [{ kind: 'StatefulSet', name: 'kafka', outcome: 'unreadable' as const }] : []),
      // The subject's rows are deleted from it by pseudonym.
      ...(online === 'valkey' ? shards.map((name) => ({ kind: 'StatefulSet', name, outcome: 'deleted' as const })) : []),
      // Holds the subjects' keys: deleting one is what makes everything else unreadable.
      ...(metadata === 'cloudnative-pg' ? [{ kind: 'Cluster', name: `${PLATFORM}-registry`, outcome: 'deleted' as const }] : []),
      // What it spills is rows of the lake, sealed as they lie there.
      ...(warehouse === 'trino'
        ? ['warehouse', 'warehouse-worker'].map((name) => ({ kind: 'StatefulSet', name, outcome: 'unreadable' as const }))
        : []),
      ...(aws === undefined ? [] : cloudStores(dials)),
    ],
    exempt:
      aws === undefined
        ? []
        : [{ kind: 'Bucket', name: 'access-logs', reason: 'Names of objects and callers; no row of anybody.' }],
  };
}

/** What AWS keeps instead, by its Pulumi name. */
const cloudStores = ({ providers: { online, metadata } }: Dials): ErasureDocument['stores'] => [
  { kind: 'Bucket', name: 'lake', outcome: 'unreadable' },
  { kind: 'Bucket', name: 'audit', outcome: 'unreadable' },
  ...(online === 'elasticache' ? [{ kind: 'ReplicationGroup', name: 'online', outcome: 'deleted' as const }] : []),
  ...(metadata === 'rds' ? [{ kind: 'Instance', name: 'registry', outcome: 'deleted' as const }] : []),
];

/**
 * A use case's topics: their records stay, and nobody can read a subject's after the key is gone. What a database's changes are
 * written to holds no subject's: the definition refuses such a table.
 */
export function useCaseErasure(site: Site, usecase: UseCase): ErasureDocument {
  const all = topicsFor(site, usecase).map(({ name, annotations }) => ({
    ...(site.dials.providers.log === 'msk' ? { kind: 'Topic', name } : { kind: 'KafkaTopic', name: topicObject(name) }),
    role: annotations[DATA.role],
  }));
  return {
    stores: all.flatMap(({ role, ...topic }) => (role === 'internal' ? [] : [{ ...topic, outcome: 'unreadable' as const }])),
    exempt: all.flatMap(({ role, ...topic }) =>
      role === 'internal' ? [{ ...topic, reason: 'Rows of class public or internal, and the state of their connector.' }] : [],
    ),
  };
}

/** Where erasure must reach, as the eraser and the rules read it. */
export function erasureManifest(scope: Construct, { dials }: Site, document: ErasureDocument, usecase?: UseCase): void {
  object(scope, 'erasure', 'v1 ConfigMap', {
    metadata: {
      name: `${usecase?.name ?? PLATFORM}-erasure`,
      namespace: namespaceOf('governance'),
      labels: {
        ...labelsOf({ name: 'erasure', layer: 'governance', usecase: usecase?.name }, dials.owner),
        [DATA.manifest]: 'erasure',
      },
    },
    data: { 'erasure.json': JSON.stringify(document) },
  });
}
