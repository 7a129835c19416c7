/**
 * Canonical JSON (RFC 8785 for the values the platform signs: no numbers beyond ±2^53, no lone surrogates): keys by
 * UTF-16 code units, no white space, members that are undefined left out. Equal values give equal bytes.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no canonical JSON`);
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a ${typeof value} has no canonical JSON`);
    return text;
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
