import { type App, Chart } from 'cdk8s';
import { requestBody } from '../../app/serving/schemas.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { gateway, route } from './gateway.ts';
import { inference, schemasName, VERIFY_KEY } from './inference.ts';
import { releasesOf } from './release.ts';

export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'serving', { disableResourceNameHashes: true });
  gateway(chart, site);
  // Mounted, never fetched: who could swap the key could swap the model. Without one, the fallback answers.
  object(chart, 'verify-key', 'v1 ConfigMap', {
    metadata: {
      name: VERIFY_KEY,
      namespace: namespaceOf('serving'),
      labels: labelsOf({ name: VERIFY_KEY, layer: 'serving' }, site.dials.owner),
    },
    data: { 'key.pem': site.dials.verifyKey ?? '' },
  });
  return chart;
}

export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-serving`, { disableResourceNameHashes: true });
  const releases = releasesOf(site.dials, usecase);
  object(chart, 'requests', 'v1 ConfigMap', {
    metadata: {
      name: schemasName(usecase),
      namespace: namespaceOf('serving'),
      labels: labelsOf({ name: 'requests', layer: 'serving', usecase: usecase.name }, site.dials.owner),
    },
    data: { 'request.json': JSON.stringify(requestBody(usecase)) },
  });
  for (const release of releases) inference(chart, site, usecase, release);
  route(chart, site, usecase, releases);
  return chart;
}
