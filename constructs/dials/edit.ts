import { isMap, isScalar, type Pair, parseDocument, type Scalar, stringify, type YAMLMap } from 'yaml';

/** What a dial can be set to. */
export type DialValue = string | number | { readonly [key: string]: DialValue };

type Node = { readonly range?: readonly [number, number, number] | null };

/**
 * The text of a file of dials with one value set, and every other byte as it was, comments too. What is missing on the way
 * is made; a word in the way, as `none`, gives place to the keys.
 * @throws RangeError for a text that is no YAML map
 */
export function withDial(text: string, path: readonly string[], value: DialValue): string {
  const document = parseDocument(text);
  let map: unknown = document.contents;
  for (const [depth, key] of path.entries()) {
    if (!isMap(map)) throw new RangeError(`no map at '${path.slice(0, depth).join('.')}'`);
    const rest = path.slice(depth + 1);
    if (map.flow) return spliced(text, map, inFlow(nested(map.toJSON() as DialValue, path.slice(depth), value)));
    const pair = map.items.find((one) => isScalar(one.key) && one.key.value === key);
    if (pair === undefined) return inserted(text, map, key, around(rest, value));
    if (rest.length > 0 && isMap(pair.value)) map = pair.value;
    else return replaced(text, pair, around(rest, value));
  }
  return text;
}

const around = (path: readonly string[], value: DialValue): DialValue =>
  path.reduceRight<DialValue>((inner, key) => ({ [key]: inner }), value);

function nested(into: DialValue | undefined, [key, ...rest]: readonly string[], value: DialValue): DialValue {
  if (key === undefined) return value;
  const before = typeof into === 'object' ? into : {};
  return { ...before, [key]: nested(before[key], rest, value) };
}

const rangeOf = (node: unknown): readonly [number, number, number] => {
  const { range } = node as Node;
  if (range == null) throw new RangeError('a node of a parsed text has a range');
  return range;
};

function spliced(text: string, node: unknown, by: string): string {
  const [from, to] = rangeOf(node);
  return text.slice(0, from) + by + text.slice(to);
}

const inFlow = (value: DialValue): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();

const indentAt = (text: string, position: number): number => position - (text.lastIndexOf('\n', position - 1) + 1);

const block = (value: DialValue, indent: number): string =>
  stringify(value, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(indent)}${line}\n`)
    .join('');

/** Puts whole lines in after the line of a position. */
function afterLine(text: string, position: number, lines: string): string {
  const end = text.indexOf('\n', position);
  return end === -1 ? `${text}\n${lines}` : text.slice(0, end + 1) + lines + text.slice(end + 1);
}

function inserted(text: string, map: YAMLMap, key: string, value: DialValue): string {
  const [first, last] = [map.items[0], map.items.at(-1)];
  const indent = first === undefined ? 0 : indentAt(text, rangeOf(first.key)[0]);
  return afterLine(text, endOf(text, last), block({ [key]: value }, indent));
}

/** The last character of a pair that is no white space. */
function endOf(text: string, pair: Pair | undefined): number {
  const [, end] = rangeOf(pair?.value ?? pair?.key);
  return text.slice(0, end).trimEnd().length - 1;
}

function replaced(text: string, { key, value: before }: Pair, value: DialValue): string {
  const [keyFrom, keyTo] = rangeOf(key);
  const colon = text.indexOf(':', keyTo) + 1;
  const simple = typeof value !== 'object';
  if (isScalar(before) && simple && !(before as Scalar).type?.startsWith('BLOCK'))
    return spliced(text, before, stringify(value).trimEnd());
  const [from, to] = rangeOf(before);
  const end = text.slice(0, to).trimEnd().length;
  // What stands on the key's own line behind the value, a comment, stays there.
  const sameLine = !text.slice(colon, from).includes('\n');
  const head = sameLine ? text.slice(0, colon) + text.slice(end) : text.slice(0, text.indexOf('\n', colon)) + text.slice(end);
  if (simple) return `${head.slice(0, colon)} ${stringify(value).trimEnd()}${head.slice(colon)}`;
  return afterLine(head, colon, block(value, indentAt(text, keyFrom) + 2));
}
