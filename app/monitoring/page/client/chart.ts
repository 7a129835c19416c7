import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { type ColourName, colour, onThemeChange } from './colours.ts';
import { html } from './html.ts';
import { rangeTop, rangeX, timeSplits } from './scales.ts';
import { useWidth } from './width.ts';

export interface ChartSeries {
  readonly name: string;
  readonly colour: ColourName;
  readonly dashed?: boolean;
  /** A light area below the line. */
  readonly filled?: boolean;
  /** Each value as a dot as well: few readings are then seen. */
  readonly dots?: boolean;
}

export interface ChartProps {
  /** What the chart shows, in words, for those who do not see it. */
  readonly label: string;
  readonly series: readonly ChartSeries[];
  /** x, then one list of values a series; null is a gap. */
  readonly data: readonly [readonly number[], ...(readonly (number | null)[])[]];
  readonly height: number;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** Where ticks of the x axis are counted from, e.g. the newest second. @default 0 */
  readonly originX?: number;
  /** The x axis spans at least this many seconds, up to the newest. @default 60 */
  readonly spanX?: number;
  /** The y axis reaches at least this high. */
  readonly atLeast: number;
}

/** Lines over time (uPlot). Made once for a set of series; new values only move it. */
export function Chart(props: ChartProps): VNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const shape = props.series.map(({ name }) => name).join();

  useLayoutEffect(() => {
    const host = ref.current;
    if (host === null || width === 0) return undefined;
    if (chart.current !== undefined) {
      chart.current.setSize({ width, height: props.height });
      return undefined;
    }
    chart.current = new uPlot(optionsOf(latest, width), latest.current.data as unknown as uPlot.AlignedData, host);
    return undefined;
  }, [width, shape]);
  useEffect(() => chart.current?.setData(props.data as unknown as uPlot.AlignedData), [props.data]);
  useEffect(() => {
    const stop = onThemeChange(() => chart.current?.redraw(false, true));
    return () => {
      stop();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, []);
  return html`<div class="chart chart-${props.height}" ref=${ref} role="img" aria-label=${props.label}></div>`;
}

const FONT = '11px Inter, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

function optionsOf(latest: { readonly current: ChartProps }, width: number): uPlot.Options {
  const { series, height } = latest.current;
  const hue = (index: number, alpha?: number) => colour(latest.current.series[index]?.colour ?? 'muted', alpha);
  const axis = { stroke: () => colour('muted'), font: FONT, ticks: { show: false } };
  return {
    width,
    height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { show: true, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false, range: (_chart, low, high) => rangeX(low, high, latest.current.spanX) },
      y: { range: (_chart, _low, high) => [0, rangeTop(high, latest.current.atLeast)] },
    },
    hooks: { setCursor: [(chart) => sayValues(chart, latest.current)] },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        space: 72,
        grid: { show: false },
        splits: (chart, _axis, low, high) => timeSplits(low, high, chart.width / 76, latest.current.originX),
        values: (_chart, splits) => splits.map((value) => latest.current.formatX(value)),
      },
      {
        ...axis,
        size: 46,
        gap: 6,
        space: 28,
        grid: { stroke: () => colour('line'), width: 1 },
        values: (_chart, splits) => splits.map((value) => latest.current.formatY(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ name, dashed, filled, dots }, index) => ({
        label: name,
        stroke: () => hue(index),
        width: 1.5,
        ...(dashed ? { dash: [5, 4] } : {}),
        ...(filled ? { fill: () => hue(index, 0.1) } : {}),
        points: { show: dots === true, size: 4, fill: () => hue(index) },
        spanGaps: false,
      })),
    ],
  };
}

/** Writes the values under the cursor beside the names of the series, in the legend that comes before the chart. */
function sayValues(chart: uPlot, { formatX, formatY }: ChartProps): void {
  const readout = chart.root.closest('.figure')?.querySelector('.readout');
  if (readout === null || readout === undefined) return;
  const index = chart.cursor.idx;
  const x = index === null || index === undefined ? undefined : chart.data[0][index];
  if (x === undefined || index === null || index === undefined) {
    readout.textContent = '';
    return;
  }
  const values = chart.data.slice(1).map((list) => list[index]);
  readout.textContent = `${formatX(x)}: ${values.map((value) => (value === null || value === undefined ? '–' : formatY(value))).join(' / ')}`;
}
