import type { UseCase } from '../usecases/usecase.ts';
import { atMost, type Check } from './check.ts';

/** Milliseconds of a clock that only goes forward. */
export type Timer = () => number;

const WARM_UP = 50;
const CALLS = 500;
const ROUNDS = 3;

/**
 * p99 of one scoring, in the quietest of three rounds of 500 calls: a neighbour's load slows some rounds, a slow model
 * slows all.
 */
export async function checkLatency(
  { gate }: Pick<UseCase, 'gate'>,
  call: (number: number) => Promise<unknown> | unknown,
  timer: Timer,
): Promise<Check> {
  for (let number = 0; number < WARM_UP; number += 1) await call(number);
  let quietest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && quietest > gate.latencyBudgetMs; round += 1) {
    const taken = new Float64Array(CALLS);
    for (let number = 0; number < CALLS; number += 1) {
      const start = timer();
      await call(number);
      taken[number] = timer() - start;
    }
    taken.sort();
    quietest = Math.min(quietest, taken[Math.ceil(CALLS * 0.99) - 1] as number);
  }
  return atMost('latency', quietest, gate.latencyBudgetMs, `p99 in ms of ${CALLS} scorings, quietest of up to ${ROUNDS} rounds,`);
}
