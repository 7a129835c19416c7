import { LAYER } from '../app/usecases/annotations.ts';
import {
  all,
  allContainers,
  any,
  equals,
  every,
  type Field,
  label,
  not,
  type Predicate,
  podMetadata,
  some,
} from './expression.ts';

const ofTraining = any(equals(label(LAYER), 'training'), equals(podMetadata.at('labels', LAYER), 'training'));
const says = (container: Field, word: string): Predicate => some(container.at('args'), (one) => equals(one, word));
const sweeps = all(
  every(allContainers, (container) => says(container, 'sweep')),
  not(some(allContainers, (container) => says(container, 'run'))),
);

/** A run of layer `training`, under whatever name, except what only sweeps up after the others. */
export const trains = all(ofTraining, not(sweeps));
