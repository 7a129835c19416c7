import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY } from '../app/clock/port.ts';
import { type AlsParameters, confidenceOf, type Factorisation, factorise } from '../app/training/als.ts';
import { addOuter, gram, solveInPlace } from '../app/training/cholesky.ts';
import { interactions, type Matrix, matrixBefore, type SparseRows } from '../app/training/interactions.ts';
import { seededRandom } from '../app/training/random.ts';
import { BUSY_WORLD } from '../app/usecases/retail/simulator/laptop.ts';
import type { SimulatedClick } from '../app/usecases/retail/simulator/session.ts';
import { simulate } from '../app/usecases/retail/simulator/simulate.ts';
import { createWorld } from '../app/usecases/retail/simulator/world.ts';
import { retail } from '../app/usecases/retail/usecase.ts';
import { machineLine } from './machine.ts';

/**
 * Implicit ALS of the trainer against peers in the same run, one thread each, on the simulated shop's clicks:
 * the textbook kernel (one outer product a click, in this process), numpy (the same objective through LAPACK), and
 * the Python package implicit (its own objective, so only its time compares). The first two must give our factors;
 * Python peers that are not installed are skipped and said so.
 * `node bench/training.ts [days] [python]`
 */
const days = Number(process.argv[2] ?? 5);
const python = process.argv[3] ?? 'python3';
const ROUNDS = 3;
const SEED = 7;
const PARAMETERS: AlsParameters = { factors: 32, regularization: 0.02, alpha: 20, iterations: 10 };
const TO = Date.UTC(2026, 0, 31) * 1000;

function clicks(): Matrix {
  const { weights } = retail.model.label;
  const rows = Array.from(simulate(createWorld(BUSY_WORLD), { from: TO - days * DAY, to: TO }), ({ at, user, wire }) => {
    const { item_id: item, kind } = wire as SimulatedClick;
    return { user, item, weight: weights[kind] ?? 0, at, hit: true };
  });
  return matrixBefore(interactions(rows), TO);
}

const startFactors = (count: number, d: number): Float32Array => {
  const random = seededRandom(SEED);
  return Float32Array.from({ length: count * d }, () => ((random() - 0.5) * 0.35) / Math.sqrt(d));
};

/** Hu, Koren, Volinsky as the paper writes it: A = base + Σ c y yᵀ, one outer product a click. */
function textbook(
  matrix: Matrix,
  { factors: d, regularization, alpha, iterations }: AlsParameters,
): Omit<Factorisation, 'objective'> {
  const unobserved = 1 / alpha;
  const users = new Float32Array(matrix.userIds.length * d);
  const items = startFactors(matrix.itemIds.length, d);
  const solve = (target: Float32Array, fixed: Float32Array, rows: SparseRows, penalty: number): void => {
    const base = gram(fixed, d, unobserved);
    for (let row = 0; row + 1 < rows.start.length; row += 1) {
      const [from, to] = [rows.start[row] as number, rows.start[row + 1] as number];
      const a = Float64Array.from(base);
      const b = new Float64Array(d);
      for (let entry = from; entry < to; entry += 1) {
        const confidence = confidenceOf(rows.weight[entry] as number);
        const at = (rows.column[entry] as number) * d;
        addOuter(a, fixed, at, d, confidence);
        for (let k = 0; k < d; k += 1) b[k] = (b[k] as number) + confidence * (fixed[at + k] as number);
      }
      for (let k = 0; k < d; k += 1) a[k * d + k] = (a[k * d + k] as number) + regularization * (to - from + penalty);
      solveInPlace(a, b, d);
      target.set(b, row * d);
    }
  };
  const penalty = { users: unobserved * matrix.itemIds.length, items: unobserved * matrix.userIds.length };
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    solve(users, items, matrix.byUser, penalty.users);
    solve(items, users, matrix.byItem, penalty.items);
  }
  solve(users, items, matrix.byUser, penalty.users);
  return { dimensions: d, users, items };
}

/** Largest difference of two factors, in parts of the largest factor. */
function difference(a: Float32Array, b: Float32Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (a.length !== b.length || largest < 1e-3) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] as number))), 0) / largest;
}

/** Factors are kept in 32 bits after each half step, so that other orders of summing part a little. */
const TOLERANCE = 1e-3;

function checkEqual(name: string, ours: Factorisation, theirs: Pick<Factorisation, 'users' | 'items'>): string {
  const apart = Math.max(difference(ours.users, theirs.users), difference(ours.items, theirs.items));
  if (!(apart < TOLERANCE)) throw new Error(`${name} gives other factors: they differ by ${apart} of the largest`);
  return `factors equal within ${apart.toExponential(1)}`;
}

function write(dir: string, matrix: Matrix): void {
  const { factors, iterations, regularization, alpha } = PARAMETERS;
  const [users, items] = [matrix.userIds.length, matrix.itemIds.length];
  const shape = { factors, iterations, regularization, unobserved: 1 / alpha, users, items };
  writeFileSync(join(dir, 'shape.json'), JSON.stringify(shape));
  writeFileSync(join(dir, 'items.start-factors'), startFactors(items, factors));
  for (const [side, rows] of [
    ['user', matrix.byUser],
    ['item', matrix.byItem],
  ] as const) {
    writeFileSync(join(dir, `${side}.start`), rows.start);
    writeFileSync(join(dir, `${side}.column`), rows.column);
    writeFileSync(join(dir, `${side}.weight`), rows.weight.map(confidenceOf));
  }
}

type Told = { readonly seconds: number; readonly version: string } | { readonly missing: string };

/** What a Python peer says; `missing` where it, or Python, is not installed. */
function ask(peer: 'numpy' | 'implicit', dir: string): Told {
  try {
    const script = join(import.meta.dirname, 'als-peer.py');
    return JSON.parse(execFileSync(python, [script, peer, dir], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })) as Told;
  } catch (cause) {
    const { stdout, code, status } = cause as { stdout?: string; code?: string; status?: number };
    if (status === 3) return JSON.parse(stdout ?? '') as Told;
    if (code === 'ENOENT') return { missing: `there is no ${python}` };
    throw cause;
  }
}

/** Processor time, so that what else the machine does counts for nobody. */
function timed<T>(run: () => T): { readonly result: T; readonly seconds: number } {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
}

const matrix = clicks();
const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
try {
  write(dir, matrix);
  const { factors, iterations } = PARAMETERS;
  console.log(machineLine());
  console.log(
    `implicit ALS, ${matrix.userIds.length} users x ${matrix.itemIds.length} items, ${matrix.byUser.column.length} pairs, ` +
      `${factors} factors, ${iterations} iterations, one thread; seconds of processor time`,
  );
  for (let round = 1; round <= ROUNDS; round += 1) {
    const ours = timed(() => factorise(matrix, PARAMETERS, SEED));
    const line = (peer: string, seconds: number, note: string) =>
      console.log(
        `round ${round}: ours ${ours.seconds.toFixed(2)} s, ${peer} ${seconds.toFixed(2)} s, ratio ${(seconds / ours.seconds).toFixed(2)} (${note})`,
      );
    const naive = timed(() => textbook(matrix, PARAMETERS));
    line('the textbook kernel', naive.seconds, checkEqual('the textbook kernel', ours.result, naive.result));
    for (const peer of ['numpy', 'implicit'] as const) {
      const told = ask(peer, dir);
      if ('missing' in told) {
        if (round === 1) console.log(`${peer}: skipped, ${told.missing}`);
        continue;
      }
      const read = (name: string) => new Float32Array(Uint8Array.from(readFileSync(join(dir, name))).buffer);
      const note =
        peer === 'numpy'
          ? checkEqual('numpy', ours.result, { users: read('users.factors'), items: read('items.factors') })
          : 'another penalty: only its time compares';
      line(told.version, told.seconds, note);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
