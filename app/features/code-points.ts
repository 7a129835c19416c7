/**
 * Orders texts by Unicode code point, which is the order of their UTF-8 bytes and so DuckDB's. JavaScript's `<` orders
 * by UTF-16 unit and puts U+1F600 before U+FB00; the lake and the stream would then break ties differently.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates above the rest of the basic plane, where the code points they stand for belong. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
