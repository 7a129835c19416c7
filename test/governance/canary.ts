import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Text as it may lie in a file: plain, UTF-16, hex, and base64 at each of its three alignments. */
function forms(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  const hex = bytes.toString('hex');
  const texts = [
    text,
    text.toUpperCase(),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...texts.map((form) => Buffer.from(form)), Buffer.from(text, 'utf16le')];
}

export const filesOf = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());

/** The files under `dir` that hold the text in any of its forms. */
export const findAnywhere = (dir: string, text: string): readonly string[] =>
  filesOf(dir).filter((path) => {
    const bytes = readFileSync(path);
    return forms(text).some((form) => bytes.includes(form));
  });
