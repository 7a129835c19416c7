import type { Construct } from 'constructs';
import type { UseCase } from '../../app/usecases/usecase.ts';
import { labelsOf } from '../labels.ts';
import { customObject } from '../object.ts';
import { namespaceOf, PLATFORM, type Site } from '../site.ts';

const POD_LABEL = (label: string): string => `__meta_kubernetes_pod_label_${label.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;

/** What Prometheus selects rules and monitors of the platform by. */
export const SELECTED = { 'millrace.dev/monitoring': PLATFORM } as const;

/** Scrapes each pod of a use case that has a port, and names use case and track on every series. */
export function scrape(scope: Construct, { dials }: Site, usecase: UseCase): void {
  customObject(scope, 'scrape', 'monitoring.coreos.com/v1 PodMonitor', {
    metadata: {
      name: usecase.name,
      namespace: namespaceOf('monitoring'),
      labels: { ...labelsOf({ name: 'scrape', layer: 'monitoring', usecase: usecase.name }, dials.owner), ...SELECTED },
    },
    spec: {
      namespaceSelector: { matchNames: ['ingestion', 'lake', 'features', 'serving', 'monitoring'].map(namespaceOf) },
      selector: { matchLabels: { 'millrace.dev/usecase': usecase.name } },
      sampleLimit: 20_000,
      podMetricsEndpoints: [
        {
          port: 'http',
          path: '/metrics',
          interval: '15s',
          scrapeTimeout: '10s',
          relabelings: [
            { action: 'replace', sourceLabels: [POD_LABEL('millrace.dev/usecase')], targetLabel: 'millrace_usecase' },
            { action: 'replace', sourceLabels: [POD_LABEL('millrace.dev/workload')], targetLabel: 'millrace_workload' },
            {
              action: 'replace',
              sourceLabels: [POD_LABEL('millrace.dev/workload')],
              regex: 'serving(-canary)?',
              targetLabel: 'millrace_track',
              replacement: 'stable$1',
            },
            {
              action: 'replace',
              sourceLabels: ['millrace_track'],
              regex: 'stable-canary',
              targetLabel: 'millrace_track',
              replacement: 'canary',
            },
          ],
        },
      ],
    },
  });
}

/** Sends the platform's alerts to the receiver of the dials: pages at once, tickets gathered. */
export function routes(scope: Construct, { dials }: Site): void {
  const receiver = (name: string) => ({ name, webhookConfigs: [{ url: dials.alerts.receiver, sendResolved: true }] });
  customObject(scope, 'routes', 'monitoring.coreos.com/v1alpha1 AlertmanagerConfig', {
    metadata: {
      name: PLATFORM,
      namespace: namespaceOf('monitoring'),
      labels: { ...labelsOf({ name: 'routes', layer: 'monitoring' }, dials.owner), ...SELECTED },
    },
    spec: {
      route: {
        receiver: 'ticket',
        groupBy: ['alertname', 'millrace_usecase'],
        groupWait: '1m',
        groupInterval: '10m',
        repeatInterval: '12h',
        routes: [
          {
            receiver: 'page',
            matchers: [{ name: 'severity', matchType: '=', value: 'page' }],
            groupWait: '15s',
            groupInterval: '2m',
            repeatInterval: '1h',
          },
        ],
      },
      receivers: [receiver('page'), receiver('ticket')],
      inhibitRules: [
        {
          sourceMatch: [{ name: 'severity', matchType: '=', value: 'page' }],
          targetMatch: [{ name: 'severity', matchType: '=', value: 'ticket' }],
          equal: ['alertname', 'millrace_usecase'],
        },
      ],
    },
  });
}
