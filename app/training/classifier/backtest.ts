import type { Micros } from '../../clock/port.ts';
import { historicalFeatures } from '../../features/historical.ts';
import type { FeatureValue } from '../../features/value.ts';
import type { KeyStore } from '../../governance/keys/port.ts';
import type { Lake } from '../../lake/port.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { micros } from '../../usecases/window.ts';
import { trainingError } from '../errors.ts';
import { type Fold, segmentOf } from '../folds.ts';
import type { ModelInputs } from '../query.ts';
import { type ClassifierInputs, classifierInputs, encode } from './columns.ts';
import { type LabelledData, type LabelledEvent, loadLabelled } from './dataset.ts';

/** Labelled events with what a model could have read just before each: one row an event, in the events' order. */
export interface Examples {
  readonly events: readonly LabelledEvent[];
  readonly at: Float64Array;
  readonly labels: Uint8Array;
  readonly segments: readonly string[];
  /** Row-major. */
  readonly x: Float32Array;
  readonly width: number;
}

/** The past as a model would have met it: what to learn from before an origin, and events after it to be judged on. */
export interface ClassifierBacktest {
  readonly dataset: LabelledData;
  readonly inputs: ClassifierInputs;
  readonly examples: Examples;
  /** Newest first. */
  readonly folds: readonly Fold[];
  /** Events whose label was final at a moment: what a model trained then may know. */
  learnt(knownAt: Micros): Examples;
  judged(fold: Fold): Examples;
  /** `view.feature` and `event.field` of some events, as of just before each, of watched views too. */
  valuesOf(events: readonly LabelledEvent[]): Promise<readonly ModelInputs[]>;
}

/**
 * Opens the pinned past of the use case. The trainer and the gate judge models on the same events through it.
 * @throws MR_TRAINING_INPUTS, MR_TRAINING_TOO_LITTLE_DATA
 */
export async function openClassifierBacktest(options: {
  readonly usecase: ClassifierUseCase;
  readonly lake: Lake;
  readonly keys: Pick<KeyStore, 'erased'>;
  readonly at?: Readonly<Record<string, number>>;
}): Promise<ClassifierBacktest> {
  const { usecase, lake } = options;
  const { model } = usecase;
  const inputs = classifierInputs(usecase);
  const at = options.at === undefined ? {} : { at: options.at };
  const dataset = await loadLabelled({ usecase, lake, erased: await options.keys.erased(), ...at });
  const read = new Set(model.inputs.map((input) => input.split('.')[0]));
  const needed = inputs.windowed.filter(({ name }) => read.has(name));

  async function joined(events: readonly LabelledEvent[], views: ClassifierInputs['windowed']): Promise<readonly ModelInputs[]> {
    const rows = events.map(
      ({ fields }) =>
        new Map<string, FeatureValue>(
          Object.entries(fields).map(([name, value]) => [`${model.label.event.name}.${name}`, value]),
        ),
    );
    // The event itself is not yet known when the question comes.
    const spine = events.map(({ entity, at: moment }) => ({ entity, at: moment - 1 }));
    for (const view of views) {
      const version = dataset.pin.tables[`${usecase.name}.${view.source.name}`];
      const values = await historicalFeatures(lake, { usecase, view, spine, ...(version === undefined ? {} : { version }) });
      for (const [index, row] of values.entries()) {
        for (const [feature, value] of Object.entries(row)) rows[index]?.set(`${view.name}.${feature}`, value);
      }
    }
    return rows;
  }

  const width = inputs.columns.length;
  const x = new Float32Array(dataset.events.length * width);
  for (let from = 0; from < dataset.events.length; from += CHUNK) {
    const rows = await joined(dataset.events.slice(from, from + CHUNK), needed);
    for (const [index, row] of rows.entries()) x.set(encode(inputs.columns, row), (from + index) * width);
  }
  const examples: Examples = {
    events: dataset.events,
    at: Float64Array.from(dataset.events, (event) => event.at),
    labels: Uint8Array.from(dataset.events, ({ positive }) => (positive ? 1 : 0)),
    segments: dataset.events.map(({ past }) => segmentOf(model.segments, past)),
    x,
    width,
  };
  const maturity = micros(model.label.maturity);
  const folds = planFolds(examples, { count: model.folds.count, horizon: micros(model.folds.horizon) });
  return {
    dataset,
    inputs,
    examples,
    folds,
    learnt: (knownAt) => part(examples, 0, countBefore(examples.at, knownAt - maturity + 1)),
    judged: ({ origin, end }) => part(examples, countBefore(examples.at, origin), countBefore(examples.at, end)),
    valuesOf: (events) => joined(events, inputs.windowed),
  };
}

const CHUNK = 5_000;
/** Fewer events of the class in a fold, and an interval says little: the horizon is widened. */
const ENOUGH_POSITIVES = 60;
/** Share of the history that one fold may take, and of the events that the first training part must hold. */
const WIDEST = 0.2;
const LEAST_PAST = 0.2;

/** Rolling origin, end to end, newest first, as for recommenders. @throws MR_TRAINING_TOO_LITTLE_DATA */
function planFolds({ at, labels }: Examples, options: { readonly count: number; readonly horizon: Micros }): readonly Fold[] {
  const until = (at.at(-1) ?? -1) + 1;
  const span = until - (at[0] ?? 0);
  const positives = (from: number, to = at.length) => labels.subarray(from, to).reduce((sum, label) => sum + label, 0);
  let horizon = options.horizon;
  while (positives(countBefore(at, until - horizon)) < ENOUGH_POSITIVES && horizon * 2 <= span * WIDEST) horizon *= 2;
  const folds = Array.from({ length: options.count }, (_, index) => ({
    origin: until - (index + 1) * horizon,
    end: until - index * horizon,
  })).filter(({ origin, end }) => {
    const [first, last] = [countBefore(at, origin), countBefore(at, end)];
    const both = (from: number, to: number) => positives(from, to) > 0 && positives(from, to) < to - from;
    return first >= Math.max(1, at.length * LEAST_PAST) && both(0, first) && both(first, last);
  });
  if (folds.length > 0) return folds;
  const hours = (time: Micros) => `${Math.round(time / 3.6e9)} h`;
  throw trainingError(
    'MR_TRAINING_TOO_LITTLE_DATA',
    `${at.length} events over ${hours(span)}, ${positives(0)} of them of the class, leave nothing to learn from and be judged on`,
    { field: 'model.folds.horizon', value: hours(horizon), expected: 'events of both classes before and inside a fold' },
  );
}

/** Number of events earlier than the moment. */
function countBefore(at: Float64Array, moment: Micros): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] as number) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The examples whose index is kept, in their order. */
export function onlyRows(examples: Examples, keep: (index: number) => boolean): Examples {
  const { events, at, labels, segments, x, width } = examples;
  const kept = [...events.keys()].filter(keep);
  const rows = new Float32Array(kept.length * width);
  kept.forEach((index, row) => {
    rows.set(x.subarray(index * width, (index + 1) * width), row * width);
  });
  return {
    events: kept.map((index) => events[index] as LabelledEvent),
    at: at.filter((_, index) => keep(index)),
    labels: labels.filter((_, index) => keep(index)),
    segments: segments.filter((_, index) => keep(index)),
    x: rows,
    width,
  };
}

const part = ({ events, at, labels, segments, x, width }: Examples, from: number, to: number): Examples => ({
  events: events.slice(from, to),
  at: at.subarray(from, to),
  labels: labels.subarray(from, to),
  segments: segments.slice(from, to),
  x: x.subarray(from * width, to * width),
  width,
});
