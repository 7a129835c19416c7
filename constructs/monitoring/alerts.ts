import type { UseCase } from '../../app/usecases/usecase.ts';
import { micros } from '../../app/usecases/window.ts';
import type { Dials } from '../dials.ts';
import { CANARY_ALERT } from './names.ts';
import type { Group, Rule } from './slo.ts';

const DAY_SECONDS = 86_400;
export const MAX_AGE_DAYS = 7;
/** Features are one definition; what is left are rows that an erasure or a correction of the lake changed in between. */
const MISMATCHED_SHARE = 0.001;
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'page' | 'ticket';
  readonly summary: string;
  readonly runbook: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export const written =
  (runbooks: string, scope: Readonly<Record<string, string>>) =>
  ({ alert, expr, for: held, severity, summary, runbook, labels }: Alert): Rule => ({
    alert,
    expr,
    for: held,
    labels: { ...scope, severity, ...labels },
    annotations: { summary, runbook_url: `${runbooks}/${runbook}` },
  });

/** What watches a use case's data and model: drift, skew, age, presence, lag, dead letters, and the canary beside the stable track. */
export function useCaseAlerts(usecase: UseCase, runbooks: string): Group {
  const { name, monitors, serving } = usecase;
  const own = `millrace_usecase="${name}"`;
  const stale = Math.round(micros(monitors.featureFreshness) / 1e6);
  const alerts: readonly Alert[] = [
    ...monitors.drift.map(
      ({ feature, test, threshold }): Alert => ({
        alert: 'MillraceDrift',
        expr: `max by (feature, test) (millrace_monitoring_drift_ratio{${own},feature="${feature}",test="${test}"}) > ${threshold}`,
        for: '15m',
        severity: 'ticket',
        summary: `${feature} of ${name} has moved from what the model was trained on`,
        runbook: 'drift',
        labels: { monitor: 'drift', feature, test },
      }),
    ),
    {
      alert: 'MillraceFeatureSkew',
      expr: `sum by (view) (increase(millrace_features_mismatched_total{${own}}[1h])) / sum by (view) (increase(millrace_features_compared_total{${own}}[1h])) > ${MISMATCHED_SHARE}`,
      for: '5m',
      severity: 'ticket',
      summary: `Served features of ${name} differ from what the lake says`,
      runbook: 'skew',
      labels: { monitor: 'skew' },
    },
    {
      alert: 'MillraceSkewUnwatched',
      expr: `sum(increase(millrace_monitoring_predictions_total{${own},answer="model"}[1h])) > 0 unless sum(increase(millrace_features_compared_total{${own}}[1h])) > 0`,
      for: '1h',
      severity: 'ticket',
      summary: `The model of ${name} answers, and none of its features is compared with the lake`,
      runbook: 'skew',
    },
    {
      alert: 'MillraceFeaturesStale',
      expr: `histogram_quantile(0.5, sum by (le) (rate(millrace_serving_feature_age_seconds_bucket{${own}}[10m]))) > ${stale}`,
      for: '15m',
      severity: 'ticket',
      summary: `Half of the feature rows that answer for ${name} are older than ${stale} s`,
      runbook: 'stale-features',
    },
    {
      alert: 'MillraceModelStale',
      // Before the first release it is 0, which is no age.
      expr: `time() - (max(millrace_serving_unit_created_seconds{${own}}) > 0) > ${MAX_AGE_DAYS * DAY_SECONDS}`,
      for: '1h',
      severity: 'ticket',
      summary: `The model of ${name} is older than ${MAX_AGE_DAYS} days`,
      runbook: 'stale-model',
      labels: { monitor: 'stale' },
    },
    {
      alert: 'MillraceNoModel',
      expr: `count(millrace_serving_in_flight_requests{${own}} unless on (namespace, pod) millrace_serving_unit_info{${own}} == 1) > 0`,
      for: '15m',
      severity: 'ticket',
      summary: `{{ $value }} pods of ${name} answer without a model, by the fallback`,
      runbook: 'no-model',
    },
    {
      alert: 'MillraceNotServing',
      expr: `absent(millrace_serving_in_flight_requests{${own}})`,
      for: '5m',
      severity: 'page',
      summary: `Nothing answers for ${name}, or nothing is heard of it`,
      runbook: 'not-serving',
    },
    {
      alert: CANARY_ALERT,
      // A track without an error has no such series; that is a rate of 0.
      expr:
        `sum(rate(millrace_serving_requests_total{${own},millrace_track="canary",status=~"5.."}[10m])) / sum(rate(millrace_serving_requests_total{${own},millrace_track="canary"}[10m]))` +
        ` > 2 * (${(1 - serving.slo.availability).toFixed(6)} + (sum(rate(millrace_serving_requests_total{${own},millrace_track="stable",status=~"5.."}[10m])) or vector(0)) / sum(rate(millrace_serving_requests_total{${own},millrace_track="stable"}[10m])))`,
      for: '5m',
      severity: 'page',
      summary: `The canary of ${name} answers worse than the release beside it`,
      runbook: 'canary',
    },
    {
      alert: 'MillraceConsumerLag',
      expr: `sum by (consumer) (millrace_monitoring_consumer_lag_records{${own}}) > 100000`,
      for: '10m',
      severity: 'page',
      summary: `A consumer of ${name} falls behind`,
      runbook: 'consumer-lag',
    },
    {
      alert: 'MillraceDeadLetters',
      expr: `sum(rate(millrace_ingestion_events_total{${own},status="refused"}[10m])) / sum(rate(millrace_ingestion_events_total{${own}}[10m])) > 0.05`,
      for: '10m',
      severity: 'ticket',
      summary: `More than 5 % of the events of ${name} are refused`,
      runbook: 'dead-letters',
    },
  ];
  return { name: `${name}-model`, rules: alerts.map(written(runbooks, { millrace_usecase: name })) };
}

/** Keeps where a series comes from beside the label by which alerts are routed (rules.ts). */
const inNamespaces = (series: string): string => `label_replace(${series}, "of_namespace", "$1", "namespace", "(.*)")`;

/** What watches the platform itself: jobs that fail, disks that fill. */
export function platformAlerts({ alerts: { runbooks } }: Dials): Group {
  const alerts: readonly Alert[] = [
    {
      alert: 'MillraceRunFailed',
      expr: `max by (of_namespace, job_name) (${inNamespaces('kube_job_status_failed{namespace=~"millrace-.*"}')}) > 0`,
      for: '5m',
      severity: 'ticket',
      summary: 'The run {{ $labels.job_name }} in {{ $labels.of_namespace }} has failed',
      runbook: 'run-failed',
    },
    {
      // Argo runs trainings, and makes no Job whose failure the alert above would see. Its failed pods stay for days.
      alert: 'MillraceTrainingFailed',
      expr: `max by (of_namespace, pod) (${inNamespaces('(kube_pod_status_phase{namespace="millrace-training",phase="Failed"} and on (namespace, pod) time() - kube_pod_created{namespace="millrace-training"} < 86400)')}) > 0`,
      for: '5m',
      severity: 'ticket',
      summary: 'The pod {{ $labels.pod }} of a training, or of the question whether one is due, has failed',
      runbook: 'run-failed',
    },
    {
      alert: 'MillraceDiskFills',
      expr: `${inNamespaces('predict_linear(kubelet_volume_stats_available_bytes{namespace=~"millrace-.*"}[6h], 86400)')} < 0`,
      for: '30m',
      severity: 'page',
      summary: 'The volume {{ $labels.persistentvolumeclaim }} in {{ $labels.of_namespace }} is full within a day',
      runbook: 'disk',
    },
  ];
  return { name: 'platform', rules: alerts.map(written(runbooks, {})) };
}
