import { trainingError } from '../errors.ts';
import type { Examples } from './backtest.ts';
import { AS_IT_IS, calibrate } from './calibrate.ts';
import type { Column } from './columns.ts';
import { fitLogistic } from './logistic.ts';
import { type ClassifierModel, marginOf } from './model-file.ts';
import { growTrees } from './trees.ts';

export type ClassifierParameters = Readonly<Record<string, number>>;

export interface FitClassifier {
  /** In order of time. */
  readonly examples: Pick<Examples, 'x' | 'width' | 'labels'>;
  readonly columns: readonly Column[];
  readonly trainer: string;
  readonly parameters: ClassifierParameters;
  /** False where only the order of the scores counts, which calibration keeps. @default true */
  readonly calibrated?: boolean;
}

/** Share of the examples, the newest, that tell how sure a model of these parameters may be. */
const CALIBRATION_SHARE = 0.2;

/**
 * Trains on the examples. A model that learnt from the older ones alone is asked about the newer ones, and the
 * probabilities of the model that learnt from all are set right by how that went. Deterministic.
 * @throws MR_TRAINING_TOO_LITTLE_DATA, MR_TRAINING_PARAMETER, MR_TRAINING_TRAINER_UNKNOWN
 */
export function fitClassifier({ examples, columns, trainer, parameters, calibrated = true }: FitClassifier): ClassifierModel {
  const { x, width, labels } = examples;
  if (labels.length === 0) {
    throw trainingError('MR_TRAINING_TOO_LITTLE_DATA', 'no label was final before the end of the training set', {
      expected: 'one labelled event at least',
    });
  }
  const grow = scorerOf(trainer, parameters);
  if (!calibrated) return { columns, scorer: grow({ x, width, labels }), calibration: AS_IT_IS };
  const cut = Math.floor(labels.length * (1 - CALIBRATION_SHARE));
  const older = cut === 0 ? undefined : grow({ x: x.subarray(0, cut * width), width, labels: labels.subarray(0, cut) });
  const newer = labels.subarray(cut);
  const margins = Float64Array.from(newer, (_, row) =>
    older === undefined ? 0 : marginOf({ scorer: older }, x.subarray((cut + row) * width, (cut + row + 1) * width)),
  );
  const calibration = older === undefined ? AS_IT_IS : calibrate(margins, newer);
  return { columns, scorer: grow({ x, width, labels }), calibration };
}

type Grow = (cases: Pick<Examples, 'x' | 'width' | 'labels'>) => ClassifierModel['scorer'];

function scorerOf(trainer: string, parameters: ClassifierParameters): Grow {
  if (trainer === 'logistic') {
    const ridge = read(parameters, 'ridge', [1e-6, 1e6]);
    return (cases) => fitLogistic(cases, { ridge });
  }
  if (trainer === 'boosted-trees') {
    const chosen = {
      trees: read(parameters, 'trees', [1, 2_000], true),
      depth: read(parameters, 'depth', [1, 8], true),
      learningRate: read(parameters, 'learningRate', [1e-4, 1]),
      ridge: read(parameters, 'ridge', [1e-6, 1e6]),
    };
    return (cases) => growTrees(cases, chosen);
  }
  throw trainingError('MR_TRAINING_TRAINER_UNKNOWN', `no classifier's trainer is called '${trainer}'`, {
    field: 'model.trainer',
    value: trainer,
    expected: 'logistic or boosted-trees',
  });
}

function read(parameters: ClassifierParameters, name: string, [least, most]: readonly [number, number], whole = false): number {
  const value = parameters[name];
  if (value !== undefined && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const expected = `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`;
  throw trainingError('MR_TRAINING_PARAMETER', `${name} is ${value}; expected ${expected}`, { field: name, value, expected });
}
