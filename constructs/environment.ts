import { ApiObject, App, type Chart } from 'cdk8s';
import { COST_CENTRE, DATA_CLASS, ENVIRONMENT, LAYER } from '../app/usecases/annotations.ts';
import type { UseCase } from '../app/usecases/usecase.ts';
import { planCapacity } from './capacity.ts';
import * as cluster from './cluster/charts.ts';
import { checkCollisions } from './collisions.ts';
import * as delivery from './delivery/charts.ts';
import type { Dials } from './dials.ts';
import { endpointsOf } from './endpoints.ts';
import { stackError } from './errors.ts';
import * as features from './features/charts.ts';
import * as governance from './governance/charts.ts';
import * as ingestion from './ingestion/charts.ts';
import * as lake from './lake/charts.ts';
import * as monitoring from './monitoring/charts.ts';
import * as registry from './registry/charts.ts';
import * as serving from './serving/charts.ts';
import type { Endpoints, Site } from './site.ts';
import * as training from './training/charts.ts';

interface LayerCharts {
  readonly platformChart?: (app: App, site: Site) => Chart;
  readonly useCaseChart?: (app: App, site: Site, usecase: UseCase) => Chart;
}

const LAYERS: readonly LayerCharts[] = [governance, ingestion, lake, features, registry, training, delivery, serving, monitoring];

/** The charts of an environment: what everything stands in, what all use cases share, and each use case's own. */
export interface Environment {
  readonly site: Site;
  readonly cluster: Chart;
  readonly platform: readonly Chart[];
  readonly usecases: ReadonlyMap<string, readonly Chart[]>;
}

/**
 * Every chart of an environment, from its dials and use cases alone: the same in, the same out.
 * @throws MR_STACK_USECASES where two use cases have one name, MR_STACK_DATABASE, MR_STACK_COLLISION
 */
export function environmentOf(
  dials: Dials,
  usecases: readonly UseCase[],
  endpoints: Endpoints = endpointsOf(dials),
): Environment {
  checkNames(usecases);
  const { highAvailability, target, onlineShards: leastShards = 1 } = dials;
  const plan = planCapacity(usecases, dials.load, { highAvailability, target, leastShards });
  const site: Site = { dials, plan, endpoints };
  const app = new App();
  const made = {
    site,
    cluster: cluster.platformChart(app, site),
    platform: LAYERS.flatMap(({ platformChart }) => (platformChart === undefined ? [] : [platformChart(app, site)])),
    usecases: new Map(
      usecases.map((usecase): [string, readonly Chart[]] => [
        usecase.name,
        LAYERS.flatMap(({ useCaseChart }) => (useCaseChart === undefined ? [] : [useCaseChart(app, site, usecase)])),
      ]),
    ),
  };
  for (const node of app.node.findAll()) {
    if (!(node instanceof ApiObject)) continue;
    node.metadata.addLabel(ENVIRONMENT, dials.environment);
    node.metadata.addLabel(COST_CENTRE, dials.costCentre);
    node.metadata.addLabel(DATA_CLASS, node.metadata.getLabel(DATA_CLASS) ?? classOfLayer(node.metadata.getLabel(LAYER)));
  }
  checkCollisions(chartsOf(made));
  return made;
}

/** The most protected class of data that a layer's objects touch: who follows, trains on or answers from events touches people's. */
const classOfLayer = (layer: string | undefined): string =>
  layer === undefined || ['cluster', 'monitoring', 'governance'].includes(layer) ? 'internal' : 'pii';

/** All charts, in the order they are stood up. */
export const chartsOf = ({ cluster: first, platform, usecases }: Environment): readonly Chart[] => [
  first,
  ...platform,
  ...[...usecases.values()].flat(),
];

function checkNames(usecases: readonly UseCase[]): void {
  const names = usecases.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw stackError('MR_STACK_USECASES', `Two use cases are called '${twice}'`, {
    field: 'name',
    value: twice,
    expected: 'a name that no other folder of app/usecases/ has',
  });
}
