import type { FieldProfile, ReferenceProfile } from './reference-profile.ts';

/** The profile for a person to read: one line a field. */
export function profileText(profile: ReferenceProfile): string {
  const width = Math.max(...Object.keys(profile.fields).map((name) => name.length));
  const lines = Object.entries(profile.fields).map(([name, field]) => `  ${name.padEnd(width)}  ${fieldText(field)}`);
  return [`${profile.event}, from ${profile.rows} rows`, ...lines].join('\n');
}

const MAX_SHOWN = 5;

function fieldText({ nullRate, numeric, categories }: FieldProfile): string {
  const nulls = `${percent(nullRate)} null`;
  if (numeric !== undefined) {
    const { median, scale, edges } = numeric;
    return `${nulls}, median ${round(median)}, spread ${round(scale)}, cut at ${edges.map(round).join(' ')}`;
  }
  if (categories === undefined) return nulls;
  const counts = Object.entries(categories.counts);
  const total = counts.reduce((sum, [, count]) => sum + count, categories.rest);
  const shown = counts.slice(0, MAX_SHOWN).map(([value, count]) => `${value} ${percent(count / total)}`);
  const others = counts.slice(MAX_SHOWN).reduce((sum, [, count]) => sum + count, categories.rest);
  return [nulls, ...shown, ...(others > 0 ? [`others ${percent(others / total)}`] : [])].join(', ');
}

const round = (value: number): string => String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
