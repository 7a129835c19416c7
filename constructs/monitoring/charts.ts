import { type App, Chart } from 'cdk8s';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { workloadsOf } from '../../app/workloads.ts';
import { consumer } from '../ingestion/consumer.ts';
import { labelsOf } from '../labels.ts';
import { object } from '../object.ts';
import { namespaceOf, type Site } from '../site.ts';
import { platformAlerts, useCaseAlerts } from './alerts.ts';
import { useCaseDashboard } from './dashboards.ts';
import { sloRuleName } from './names.ts';
import { prometheusRule } from './rules.ts';
import { routes, scrape } from './scrape.ts';
import { scrapeGpus } from './scrape-gpus.ts';
import { scrapePlatform } from './scrape-platform.ts';
import { sloGroups } from './slo.ts';
import { telemetry } from './telemetry.ts';

export function platformChart(app: App, site: Site): Chart {
  const chart = new Chart(app, 'monitoring', { disableResourceNameHashes: true });
  telemetry(chart, site);
  scrapePlatform(chart, site);
  scrapeGpus(chart, site);
  routes(chart, site);
  prometheusRule(chart, { site, id: 'alerts', name: 'platform', groups: [platformAlerts(site.dials)] });
  return chart;
}

export function useCaseChart(app: App, site: Site, usecase: UseCase): Chart {
  const chart = new Chart(app, `${usecase.name}-monitoring`, { disableResourceNameHashes: true });
  const { runbooks } = site.dials.alerts;
  scrape(chart, site, usecase);
  prometheusRule(chart, { site, id: 'slo', name: sloRuleName(usecase), groups: sloGroups(usecase, runbooks), usecase });
  const alerts = [useCaseAlerts(usecase, runbooks)];
  prometheusRule(chart, { site, id: 'alerts', name: `${usecase.name}-model`, groups: alerts, usecase });
  object(chart, 'dashboard', 'v1 ConfigMap', {
    metadata: {
      name: `${usecase.name}-dashboard`,
      namespace: namespaceOf('monitoring'),
      labels: { ...labels(site, 'dashboard', usecase), grafana_dashboard: '1' },
    },
    data: { [`${usecase.name}.json`]: JSON.stringify(useCaseDashboard(usecase)) },
  });
  const monitor = workloadsOf(usecase).find(({ layer }) => layer === 'monitoring');
  if (monitor !== undefined) consumer(chart, { site, usecase, declaration: monitor, priority: 'ingestion' });
  return chart;
}

const labels = (site: Site, name: string, usecase?: UseCase) =>
  labelsOf({ name, layer: 'monitoring', usecase: usecase?.name }, site.dials.owner);
