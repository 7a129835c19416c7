const own = 'millrace_usecase="retail"';
const pod = (name: string) => `${own},namespace="millrace-serving",pod="${name}"`;

/** What happens, and which alerts of the shop fire by it. */
interface Case {
  readonly title: string;
  readonly alert: string;
  /** Series and their values, one an interval, in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** @default '1m' */
  readonly every?: string;
  /** Labels, beside those that every alert of the use case has, of each that fires. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

const mismatched = (view: string) => `millrace_features_mismatched_total{${own},view="${view}"}`;
const compared = (view: string) => `millrace_features_compared_total{${own},view="${view}"}`;
const answered = (track: string, status: string) =>
  `millrace_serving_requests_total{${own},millrace_track="${track}",status="${status}"}`;
const SKEW = { severity: 'ticket', monitor: 'skew' };

export const CASES: readonly Case[] = [
  {
    title: 'one view of two that differs in one value of two hundred',
    alert: 'MillraceFeatureSkew',
    series: {
      [compared('a')]: '0+40x120',
      [mismatched('a')]: '0+0x120',
      [compared('b')]: '0+40x120',
      [mismatched('b')]: '0+0.2x120',
    },
    at: '2h',
    fires: [{ ...SKEW, view: 'b' }],
  },
  {
    title: 'rows as old as can be, and equal',
    alert: 'MillraceFeatureSkew',
    series: {
      [compared('a')]: '0+40x120',
      [mismatched('a')]: '0+0x120',
      [`millrace_serving_feature_age_seconds_bucket{${own},le="86400"}`]: '0+0x120',
      [`millrace_serving_feature_age_seconds_bucket{${own},le="+Inf"}`]: '0+40x120',
    },
    at: '2h',
    fires: [],
  },
  {
    title: 'nothing compared while the model answers',
    alert: 'MillraceSkewUnwatched',
    series: { [`millrace_monitoring_predictions_total{${own},answer="model"}`]: '0+60x180', [compared('a')]: '0+0x180' },
    at: '3h',
    fires: [{ severity: 'ticket' }],
  },
  {
    title: 'features compared while the model answers',
    alert: 'MillraceSkewUnwatched',
    series: { [`millrace_monitoring_predictions_total{${own},answer="model"}`]: '0+60x180', [compared('a')]: '0+40x180' },
    at: '3h',
    fires: [],
  },
  {
    title: 'a quiet night',
    alert: 'MillraceSkewUnwatched',
    series: { [`millrace_monitoring_predictions_total{${own},answer="model"}`]: '9+0x180', [compared('a')]: '9+0x180' },
    at: '3h',
    fires: [],
  },
  {
    title: 'one pod of two without a model',
    alert: 'MillraceNoModel',
    series: {
      [`millrace_serving_in_flight_requests{${pod('a')}}`]: '0x60',
      [`millrace_serving_in_flight_requests{${pod('b')}}`]: '3x60',
      [`millrace_serving_unit_info{${pod('a')},unit="u",version="3"}`]: '1x60',
    },
    at: '30m',
    fires: [{ severity: 'ticket' }],
  },
  {
    title: 'a release that each pod has loaded',
    alert: 'MillraceNoModel',
    series: {
      [`millrace_serving_in_flight_requests{${pod('a')}}`]: '0x60',
      [`millrace_serving_unit_info{${pod('a')},unit="u",version="3"}`]: '1x60',
    },
    at: '30m',
    fires: [],
  },
  {
    title: 'nobody there',
    alert: 'MillraceNotServing',
    series: { up: '1x60' },
    at: '30m',
    fires: [{ severity: 'page' }],
  },
  {
    title: 'no release yet, which is no old one',
    alert: 'MillraceModelStale',
    series: { [`millrace_serving_unit_created_seconds{${own}}`]: '0x250' },
    at: '10d',
    every: '1h',
    fires: [],
  },
  {
    title: 'a release of nine days',
    alert: 'MillraceModelStale',
    series: { [`millrace_serving_unit_created_seconds{${own}}`]: '86400x250' },
    at: '10d',
    every: '1h',
    fires: [{ severity: 'ticket', monitor: 'stale' }],
  },
  {
    title: 'a value over its threshold',
    alert: 'MillraceDrift',
    series: {
      [`millrace_monitoring_drift_ratio{${own},feature="user_activity.views_1h",test="psi",pod="a"}`]: '0.6x60',
      [`millrace_monitoring_drift_ratio{${own},feature="user_activity.mean_price_1d",test="psi",pod="a"}`]: '0.1x60',
    },
    at: '1h',
    fires: [{ severity: 'ticket', monitor: 'drift', feature: 'user_activity.views_1h', test: 'psi' }],
  },
  {
    title: 'a canary that fails beside a release that never did',
    alert: 'MillraceCanaryWorse',
    series: {
      [answered('stable', '200')]: '0+600x60',
      [answered('canary', '200')]: '0+60x60',
      [answered('canary', '500')]: '0+6x60',
    },
    at: '30m',
    fires: [{ severity: 'page' }],
  },
  {
    title: 'a canary that fails as the release beside it does',
    alert: 'MillraceCanaryWorse',
    series: {
      [answered('stable', '200')]: '0+600x60',
      [answered('stable', '500')]: '0+60x60',
      [answered('canary', '200')]: '0+60x60',
      [answered('canary', '500')]: '0+6x60',
    },
    at: '30m',
    fires: [],
  },
  {
    title: 'a fifth of the answers failing',
    alert: 'MillraceAvailabilityBudgetBurns',
    series: { [answered('stable', '200')]: '0+80x90', [answered('stable', '500')]: '0+20x90' },
    at: '80m',
    fires: ['page', 'ticket'].map((severity) => ({ severity, objective: 'availability', watches: 'slo' })),
  },
  {
    title: 'no answer failing',
    alert: 'MillraceAvailabilityBudgetBurns',
    series: { [answered('stable', '200')]: '0+80x90' },
    at: '80m',
    fires: [],
  },
];
