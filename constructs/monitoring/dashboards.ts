import { DashboardBuilder, DatasourceVariableBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { LIVE_RATE } from '../../app/usecases/live-rate.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';

const SOURCE = { type: 'prometheus', uid: '$source' } as const;

interface Query {
  readonly expr: string;
  readonly legend: string;
}

const query = ({ expr, legend }: Query) => new DataqueryBuilder().expr(expr).legendFormat(legend).datasource(SOURCE);

function series(title: string, unit: string, queries: readonly Query[]): TimeseriesBuilder {
  const panel = new TimeseriesBuilder().title(title).unit(unit).min(0).datasource(SOURCE).span(12).height(8);
  for (const one of queries) panel.withTarget(query(one));
  return panel;
}

const stat = (title: string, unit: string, expr: string): StatBuilder =>
  new StatBuilder()
    .title(title)
    .unit(unit)
    .datasource(SOURCE)
    .span(6)
    .height(5)
    .withTarget(query({ expr, legend: title }));

/** One use case on one page: is it answered, is it right, is it fresh. */
export function useCaseDashboard(usecase: UseCase): unknown {
  const { name, serving, monitors } = usecase;
  const live = LIVE_RATE[usecase.kind];
  const own = `millrace_usecase="${name}"`;
  const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}{${own}}[$__rate_interval]))`;
  const quantile = (q: number, metric: string) =>
    `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket{${own}}[$__rate_interval])))`;
  const objective = (of: string) => `1 - millrace:slo_errors:ratio_rate30d{${own},objective="${of}"}`;
  return new DashboardBuilder(`Millrace: ${name}`)
    .uid(`millrace-${name}`)
    .tags(['millrace', name])
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('utc')
    .editable()
    .withVariable(new DatasourceVariableBuilder('source').label('Prometheus').type('prometheus'))
    .withRow(new RowBuilder('Answers'))
    .withPanel(stat(`Good answers, 30 days (objective ${serving.slo.availability})`, 'percentunit', objective('availability')))
    .withPanel(stat(`Within ${serving.slo.p99Ms} ms, 30 days (objective 0.99)`, 'percentunit', objective('latency')))
    .withPanel(
      stat(
        'Answered by the fallback',
        'percentunit',
        `sum(rate(millrace_serving_fallbacks_total{${own}}[10m])) / sum(rate(millrace_serving_requests_total{${own}}[10m]))`,
      ),
    )
    .withPanel(stat(`Live ${live.name}`, 'percentunit', `max(${live.metric}{${own}})`))
    .withPanel(series('Requests', 'reqps', [{ expr: rate('millrace_serving_requests_total', 'status'), legend: '{{ status }}' }]))
    .withPanel(
      series('Latency', 's', [
        { expr: quantile(0.5, 'millrace_serving_request_seconds'), legend: 'p50' },
        { expr: quantile(0.99, 'millrace_serving_request_seconds'), legend: 'p99' },
      ]),
    )
    .withRow(new RowBuilder('Model'))
    .withPanel(
      series('Drift', 'none', [
        { expr: `max by (feature, test) (millrace_monitoring_drift_ratio{${own}})`, legend: '{{ feature }} {{ test }}' },
        ...monitors.drift.map(({ feature, test, threshold }) => ({
          expr: String(threshold),
          legend: `limit of ${feature} ${test}`,
        })),
      ]),
    )
    .withPanel(
      series('Releases that answer', 'none', [
        { expr: `sum by (version) (millrace_serving_unit_info{${own}})`, legend: 'version {{ version }}' },
      ]),
    )
    .withRow(new RowBuilder('Data'))
    .withPanel(series('Events', 'eps', [{ expr: rate('millrace_ingestion_events_total', 'status'), legend: '{{ status }}' }]))
    .withPanel(
      series('Behind the log', 'none', [
        { expr: `sum by (consumer) (millrace_monitoring_consumer_lag_records{${own}})`, legend: '{{ consumer }}' },
      ]),
    )
    .withPanel(
      series('Age of features that answered', 's', [
        { expr: quantile(0.5, 'millrace_serving_feature_age_seconds'), legend: 'median' },
      ]),
    )
    .withPanel(
      series('Served features that differ from the lake', 'percentunit', [
        {
          expr: `sum by (view) (increase(millrace_features_mismatched_total{${own}}[1h])) / sum by (view) (increase(millrace_features_compared_total{${own}}[1h]))`,
          legend: '{{ view }}',
        },
      ]),
    )
    .build();
}
