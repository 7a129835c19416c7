import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import type { Site } from '../site.ts';
import { executor } from './executor.ts';
import { trainingNetwork } from './network.ts';
import { nodeReadiness } from './node-readiness.ts';
import { retrain } from './retrain.ts';
import { retrainOnDrift } from './retrain-on-drift.ts';
import { sweep } from './sweep.ts';
import { trainer } from './trainer.ts';

export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'training', { disableResourceNameHashes: true });
  executor(chart, site);
  nodeReadiness(chart, site);
  return chart;
}

export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-training`, { disableResourceNameHashes: true });
  trainingNetwork(chart, site, usecase);
  const training = trainer(chart, site, usecase);
  if (training !== undefined) {
    retrain(chart, site, usecase, training);
    retrainOnDrift(chart, site, usecase, training);
  }
  sweep(chart, site, usecase);
  return chart;
}
