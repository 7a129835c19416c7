const UNIT = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of a duration such as `400d`; undefined for any other text. */
export function durationSeconds(text: unknown): number | undefined {
  const match = /^([1-9]\d*)([smhd])$/.exec(String(text));
  return match === null ? undefined : Number(match[1]) * UNIT[match[2] as keyof typeof UNIT];
}

/** A whole number of a setting, given as a number or as text. */
export const whole = (value: unknown): number | undefined =>
  (typeof value === 'number' || typeof value === 'string') && /^-?\d+$/.test(String(value)) ? Number(value) : undefined;

/** `a=1,b=2` as a record; a part without `=` has an empty value. */
export const pairs = (text: string | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (text ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => [part.split('=')[0] ?? '', part.split('=').slice(1).join('=')]),
  );

/** `a,b` as a list. */
export const list = (text: string | undefined): readonly string[] => Object.keys(pairs(text));
