import { WATCHES } from '../../app/usecases/annotations.ts';
import type { UseCase } from '../../app/usecases/usecase.ts';

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

interface Objective {
  readonly name: 'availability' | 'latency';
  /** Share of good requests. */
  readonly target: number;
  /** Rates of bad and of all requests over a window. */
  readonly bad: (window: string) => string;
  readonly all: (window: string) => string;
}

const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;

/**
 * Two windows each, so that an alert starts soon and ends soon; factors as in the Site Reliability Workbook, chapter 5: at
 * 14.4 times the allowed rate an hour takes 2 % of a month's budget, at 6 times six hours take 5 %, at 3 and 1 times a day
 * and three days take 10 %.
 */
const BURNS = [
  { severity: 'page', long: '1h', short: '5m', factor: 14.4 },
  { severity: 'page', long: '6h', short: '30m', factor: 6 },
  { severity: 'ticket', long: '1d', short: '2h', factor: 3 },
  { severity: 'ticket', long: '3d', short: '6h', factor: 1 },
] as const;

/** Prometheus knows the bucket's upper bound as the histogram writes it. */
const bucketOf = (p99Ms: number): string => {
  const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
  return String(bounds.find((bound) => bound * 1000 >= p99Ms) ?? 2.5);
};

function objectivesOf(usecase: UseCase): readonly Objective[] {
  const { availability, p99Ms } = usecase.serving.slo;
  const job = `millrace_usecase="${usecase.name}"`;
  const total = (window: string) => `sum(rate(millrace_serving_requests_total{${job}}[${window}]))`;
  const timed = (window: string) => `sum(rate(millrace_serving_request_seconds_count{${job}}[${window}]))`;
  return [
    {
      name: 'availability',
      target: availability,
      // Before the first error there is no such series; that is a rate of 0.
      bad: (window) => `(sum(rate(millrace_serving_requests_total{${job},status=~"5.."}[${window}])) or vector(0))`,
      all: total,
    },
    {
      name: 'latency',
      target: 0.99,
      bad: (window) =>
        `(${timed(window)} - sum(rate(millrace_serving_request_seconds_bucket{${job},le="${bucketOf(p99Ms)}"}[${window}])))`,
      all: timed,
    },
  ];
}

/** Recorded error ratios and burn-rate alerts of the use case's objectives. */
export function sloGroups(usecase: UseCase, runbooks: string): readonly Group[] {
  return objectivesOf(usecase).map(({ name, target, bad, all }) => {
    const labels = { millrace_usecase: usecase.name, objective: name };
    const selector = `{millrace_usecase="${usecase.name}",objective="${name}"}`;
    const allowed = (1 - target).toFixed(6).replace(/0+$/, '');
    const ratio = (window: string) => `millrace:slo_errors:ratio_rate${window}`;
    return {
      name: `${usecase.name}-${name}`,
      rules: [
        ...WINDOWS.map((window) => ({ record: ratio(window), expr: `${bad(window)} / ${all(window)}`, labels })),
        ...(['page', 'ticket'] as const).map((severity) => ({
          alert: `Millrace${name === 'latency' ? 'Latency' : 'Availability'}BudgetBurns`,
          expr: BURNS.filter((burn) => burn.severity === severity)
            .map(
              ({ long, short, factor }) =>
                `(${ratio(short)}${selector} > (${factor} * ${allowed}) and ${ratio(long)}${selector} > (${factor} * ${allowed}))`,
            )
            .join(' or '),
          labels: { ...labels, severity, [WATCHES]: 'slo' },
          annotations: {
            summary: `${usecase.name} burns its ${name} budget`,
            description: `Objective ${target}; the share of bad requests is {{ $value | humanizePercentage }}.`,
            runbook_url: `${runbooks}/slo-${name}`,
          },
        })),
      ],
    };
  });
}
