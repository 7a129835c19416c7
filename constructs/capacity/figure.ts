import type { Figure } from './plan.ts';

export const GIB = 2 ** 30;
export const MIB = 2 ** 20;
export const DAYS_PER_MONTH = 365 / 12;
export const HOURS_PER_MONTH = 730;

export const figure = <Unit extends string>(value: number, unit: Unit, because: string): Figure<Unit> => ({
  value,
  unit,
  because,
});

/** A number as a person reads it: thousands apart, three digits where it is small. */
export const shown = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

/** The next multiple of `step` at or above the value. */
export const up = (value: number, step: number): number => Math.ceil(value / step - 1e-9) * step;
