/** Numbers and times as the page writes them. Pure; times are UTC, as the platform's are. */

const MISSING = '–';

export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Milliseconds with as many digits as one can act on. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  return value >= 100 ? `${Math.round(value)} ms` : value >= 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(2)} ms`;
}

export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined || !Number.isFinite(share) ? MISSING : `${(100 * share).toFixed(digits)} %`;

/** A metric or a drift: three digits after the point say enough. */
export const decimal = (value: number, digits = 3): string => (Number.isFinite(value) ? value.toFixed(digits) : MISSING);

/** `+12.3 %` of a value against its baseline, `× 3.4` where it is far above. */
export function lift(value: number, baseline: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(baseline) || baseline <= 0) return MISSING;
  const ratio = value / baseline - 1;
  if (ratio >= 2) return `× ${(ratio + 1).toFixed(1)}`;
  return `${ratio < 0 ? '−' : '+'}${Math.abs(100 * ratio).toFixed(1)} %`;
}

/** Time of day of a platform time in microseconds: `14:03:22`. */
export const timeOfDay = (micros: number): string => iso(micros).slice(11, 19);

/** `2026-03-01 14:03` */
export const dayAndTime = (micros: number): string => iso(micros).slice(0, 16).replace('T', ' ');

const iso = (micros: number): string => {
  const date = new Date(micros / 1000);
  return Number.isNaN(date.getTime()) ? ''.padEnd(24, '-') : date.toISOString();
};

/** `4 m 12 s`, `3 h 5 m`, `2 d 4 h` */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 === 0 ? `${whole / 60} m` : `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** The random end of an id: ids of one hour begin alike (UUID version 7). */
export const idEnd = (id: string, length = 8): string => (id.length <= length ? id : id.slice(-length));

/** The beginning of a hash or a pseudonym. */
export const idStart = (id: string, length = 10): string => (id.length <= length ? id : `${id.slice(0, length)}…`);

/** As much of a digest or a list as one looks at; the whole of it is for a title. */
export const brief = (text: string, length = 40): string => (text.length <= length ? text : `${text.slice(0, length)}…`);

/** `recallAt20` as its paper writes it. */
export function metricName(name: string): string {
  const cut = /^(.+)At(\d+)$/.exec(name);
  if (cut === null) return words(name);
  return `${cut[1] === 'ndcg' ? 'nDCG' : cut[1]}@${cut[2]}`;
}

/** A check of the gate: `floor.recallAt20` as `floor: recall@20`. */
export const checkName = (name: string): string => name.split('.').map(metricName).join(': ');

/** `notWorse` in words. */
export const words = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();

/** About how wide a text is, in pixels; text in a picture cannot ask before it is drawn. */
export function textWidth(text: string, fontSize: number): number {
  let ems = 0;
  for (const character of text) ems += /[.,:;|'!il·() ]/.test(character) ? 0.32 : /[mwMW@%…]/.test(character) ? 0.9 : 0.6;
  return ems * fontSize;
}

/** As much of a text as fits `width` pixels. */
export function fit(text: string, width: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join('')}…`, fontSize) > width) characters.pop();
  return characters.length === 0 ? '' : `${characters.join('').trimEnd()}…`;
}
