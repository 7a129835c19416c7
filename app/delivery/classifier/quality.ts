import { differenceOf, type JudgedScores, metricOf } from '../../training/classifier/evaluate.ts';
import type { ClassifierUseCase } from '../../usecases/usecase.ts';
import { atLeast, atMost, type Check } from '../check.ts';
import { LEAST_USERS } from '../quality.ts';

/** A segment with fewer events of the class is reported, not judged. */
const LEAST_POSITIVES = 10;

/** Floors of the gate, on the newest fold. */
export const checkFloors = ({ gate }: ClassifierUseCase, candidate: JudgedScores): readonly Check[] =>
  Object.entries(gate.floors).map(([metric, floor]) =>
    atLeast(`floor.${metric}`, metricOf(metric, candidate), floor ?? 0, metric),
  );

/** The same for metrics of which less is better. */
export const checkCeilings = ({ gate }: ClassifierUseCase, candidate: JudgedScores): readonly Check[] =>
  Object.entries(gate.ceilings).map(([metric, ceiling]) =>
    atMost(`ceiling.${metric}`, metricOf(metric, candidate), ceiling ?? 0, metric),
  );

/** The objective per segment that has a floor. */
export function checkSegments({ gate, model }: ClassifierUseCase, candidate: JudgedScores): readonly Check[] {
  return Object.entries(gate.segmentFloors).map(([segment, floor]) => {
    const own = candidate.segments.flatMap((name, index) => (name === segment ? [index] : []));
    const positives = own.reduce((sum, index) => sum + (candidate.labels[index] as number), 0);
    const what = `${model.objective} of ${own.length} events of ${segment} subjects`;
    const check = atLeast(`segment.${segment}`, metricOf(model.objective, candidate, segment), floor, what);
    if (own.length >= LEAST_USERS && positives >= LEAST_POSITIVES) return check;
    const reason = `${own.length} events of ${segment} subjects, ${positives} of the class, are too few to judge; ${LEAST_USERS} and ${LEAST_POSITIVES} are needed`;
    return { ...check, passed: true, reason };
  });
}

/** Must be better than the best rule over one input. */
export function checkRule({ gate }: ClassifierUseCase, candidate: JudgedScores, rule: JudgedScores): readonly Check[] {
  const metric = gate.beatsRule;
  if (metric === undefined) return [];
  const [own, baseline] = [metricOf(metric, candidate), metricOf(metric, rule)];
  const check = atLeast('beatsRule', own, baseline, `${metric} beside the best rule over one input`);
  // Equal is not better.
  return [own === baseline ? { ...check, passed: false, reason: `${metric} is the rule's` } : check];
}

/**
 * Not worse than the champion: the lower end of the bootstrap interval of (candidate - champion), drawn over the same
 * events for both, may not be below -tolerance.
 */
export function checkNotWorse({ gate, model }: ClassifierUseCase, candidate: JudgedScores, champion: JudgedScores): Check {
  const { metric, tolerance, confidence } = gate.notWorse;
  const { value, low, high } = differenceOf(metric, candidate, champion, { seed: model.seed, confidence });
  const interval = `${metric} differs by ${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]; its lower end`;
  return atLeast('notWorse', low, -tolerance, interval);
}

/** Rounding of another machine moves a probability by far less; another training set moves most by more. */
const NEAR = 1e-3;
const LEAST_EQUAL = 0.99;

/** The shipped bytes must be what the same parameters learn from the whole pinned snapshot. */
export function checkReproduction(shipped: Float64Array, again: Float64Array): Check {
  const equal = shipped.filter((score, index) => Math.abs(score - (again[index] as number)) <= NEAR).length;
  const what = `share of ${shipped.length} probabilities on which the shipped model and the gate's own training agree`;
  return atLeast('reproduction', shipped.length === 0 ? 0 : equal / shipped.length, LEAST_EQUAL, what);
}
