import { trainingError } from './errors.ts';

/** A part of `model.json`, before anything of it is believed. */
export type Json = Readonly<Record<string, unknown>>;

/** @throws MR_TRAINING_MODEL_BROKEN */
export function numberOf(file: Json, name: string): number {
  const value = file[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw broken(name, value, 'a number');
}

/** Little-endian floats in base64. @throws MR_TRAINING_MODEL_BROKEN */
export function tensorOf(file: Json, name: string, size: number): Float32Array {
  const value = file[name];
  const raw = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (raw.length !== size * 4) throw broken(name, `${raw.length / 4} numbers`, `${size} numbers`);
  return Float32Array.from({ length: size }, (_, index) => raw.readFloatLE(index * 4));
}

export const broken = (name: string, value: unknown, expected: string) =>
  trainingError('MR_TRAINING_MODEL_BROKEN', `model.json: ${name} is ${JSON.stringify(value)}; expected ${expected}`, {
    field: `model.json/${name}`,
    value,
    expected,
  });
