import type { Micros } from '../clock/port.ts';
import { type AlsParameters, factorise } from './als.ts';
import { trainingError } from './errors.ts';
import type { Tastes } from './evaluate.ts';
import type { InputRoles } from './inputs.ts';
import { type Interactions, type Matrix, matrixBefore } from './interactions.ts';
import { modelOf, type RecommenderModel } from './model-file.ts';

export interface Parameters extends AlsParameters {
  readonly popularityBlend: number;
}

export interface Fitted {
  readonly model: RecommenderModel;
  readonly matrix: Matrix;
  /** Vectors of the users with enough events. */
  readonly tastes: Tastes;
  readonly objective: readonly number[];
  /** The same factors under another blend; the factorisation does not depend on it. */
  withBlend(blend: number): Fitted;
}

export interface FitOptions {
  readonly events: Interactions;
  /** Only events before this moment count. */
  readonly before: Micros;
  readonly parameters: Parameters;
  readonly roles: InputRoles;
  /** Users with fewer events get no vector. */
  readonly minSupport: number;
  readonly seed: number;
}

/** Reads the trainer's numbers by name. @throws MR_TRAINING_PARAMETER for one that is missing */
export function parametersOf(values: Readonly<Record<string, number>>): Parameters {
  const read = (name: keyof Parameters) => {
    const value = values[name];
    if (value !== undefined && Number.isFinite(value)) return value;
    throw trainingError('MR_TRAINING_PARAMETER', `${name} is ${value}; expected a number`, {
      field: name,
      value,
      expected: 'a number',
    });
  };
  return {
    factors: read('factors'),
    regularization: read('regularization'),
    alpha: read('alpha'),
    iterations: read('iterations'),
    popularityBlend: read('popularityBlend'),
  };
}

/** Trains on the events before a moment. @throws MR_TRAINING_TOO_LITTLE_DATA, MR_TRAINING_PARAMETER */
export function fit(options: FitOptions): Fitted {
  const { parameters, roles, minSupport } = options;
  const matrix = matrixBefore(options.events, options.before);
  if (matrix.userIds.length === 0) {
    throw trainingError('MR_TRAINING_TOO_LITTLE_DATA', 'no event lies before the end of the training set', {
      expected: 'one event at least',
    });
  }
  const factors = factorise(matrix, parameters, options.seed);
  const row = new Map(matrix.userIds.map((id, index) => [id, index]));
  const tastes: Tastes = {
    input: roles.taste,
    of(entity) {
      const index = row.get(entity);
      if (index === undefined || (matrix.events[index] as number) < minSupport) return null;
      return factors.users.slice(index * factors.dimensions, (index + 1) * factors.dimensions);
    },
  };
  const withBlend = (blend: number): Fitted => ({
    model: modelOf(roles, matrix, factors, parameters, blend),
    matrix,
    tastes,
    objective: factors.objective,
    withBlend,
  });
  return withBlend(parameters.popularityBlend);
}
