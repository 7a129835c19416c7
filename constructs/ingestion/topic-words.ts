import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { topicsFor } from './topics.ts';

/** What topics that are no objects of the cluster would say of themselves in annotations, for the rules to read. */
export function topicWords(scope: Construct, site: Site, usecase: UseCase): void {
  object(scope, 'topics', 'v1 ConfigMap', {
    metadata: {
      name: `${usecase.name}-topics`,
      namespace: namespaceOf('ingestion'),
      labels: {
        ...labelsOf({ name: 'topics', layer: 'ingestion', usecase: usecase.name }, site.dials.owner),
        [DATA.manifest]: 'topics',
      },
    },
    data: Object.fromEntries(
      topicsFor(site, usecase).map(({ name, annotations }) => [`${name}.json`, JSON.stringify(annotations)]),
    ),
  });
}
