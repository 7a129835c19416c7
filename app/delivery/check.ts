/** One question of the gate, with what was measured, what was allowed and why it fell as it did. */
export interface Check {
  /** e.g. `floor.recallAt20`, `segment.light`, `notWorse`, `onnx`. */
  readonly name: string;
  readonly passed: boolean;
  readonly measured: number | string | null;
  readonly limit: number | string | null;
  readonly reason: string;
}

/** Four significant digits: enough to compare by, few enough to read. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

/** A value that must reach its limit. */
export function atLeast(name: string, measured: number, limit: number, what: string): Check {
  // A value that is no number reaches nothing.
  const passed = measured >= limit;
  const relation = passed ? 'reaches' : 'is below';
  return { name, passed, ...finite(measured, limit), reason: `${what} ${rounded(measured)} ${relation} ${rounded(limit)}` };
}

/** A value that must stay within its limit. */
export function atMost(name: string, measured: number, limit: number, what: string): Check {
  const passed = measured <= limit;
  const relation = passed ? 'is within' : 'is above';
  return { name, passed, ...finite(measured, limit), reason: `${what} ${rounded(measured)} ${relation} ${rounded(limit)}` };
}

/** Two texts that must be one. */
export function equal(name: string, measured: string, limit: string, what: string): Check {
  const passed = measured === limit;
  return { name, passed, measured, limit, reason: passed ? `${what} is the present one` : `${what} is not the present one` };
}

/** JSON holds no NaN and no infinity: they are recorded as null. */
const finite = (measured: number, limit: number) => ({
  measured: Number.isFinite(measured) ? rounded(measured) : null,
  limit: rounded(limit),
});
