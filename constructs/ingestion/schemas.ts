import type { Construct } from 'constructs';
import { DATA } from '../../app/usecases/data-annotations.ts';
import { schemaDocuments } from '../../app/usecases/manifests.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { schemasName } from './topics.ts';

/** JSON Schemas of a use case's events and tables, as producers and rules read them. */
export function schemas(scope: Construct, { dials }: Site, usecase: UseCase): void {
  object(scope, 'schemas', 'v1 ConfigMap', {
    metadata: {
      name: schemasName(usecase),
      namespace: namespaceOf('ingestion'),
      labels: {
        ...labelsOf({ name: 'schemas', layer: 'ingestion', usecase: usecase.name }, dials.owner),
        [DATA.manifest]: 'schemas',
      },
    },
    data: { ...schemaDocuments(usecase) },
  });
}
