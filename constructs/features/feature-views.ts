import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { viewDocuments } from '../../app/usecases/manifests.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { viewHashes } from '../cluster/workload.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { MODEL_MAX_AGE } from './model-age.ts';

/** What each view is, by whom, over which events, and the hash of its definition: as rules and people read them. */
export function featureViews(scope: Construct, { dials }: Site, usecase: UseCase): void {
  object(scope, 'feature-views', 'v1 ConfigMap', {
    metadata: {
      name: `${usecase.name}-feature-views`,
      namespace: namespaceOf('features'),
      labels: {
        ...labelsOf({ name: 'feature-views', layer: 'features', usecase: usecase.name }, dials.owner),
        [DATA.manifest]: 'feature-views',
      },
    },
    data: { ...viewDocuments(usecase, viewHashes(usecase), MODEL_MAX_AGE) },
  });
}
