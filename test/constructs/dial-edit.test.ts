import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { type DialValue, withDial } from '../../constructs/dials/edit.ts';

const STACKS = join(import.meta.dirname, '../../stacks');
const FILES = readdirSync(STACKS).filter((file) => file.startsWith('Pulumi.'));

function nested(into: unknown, [key, ...rest]: readonly string[], value: DialValue): unknown {
  if (key === undefined) return value;
  const before = (typeof into === 'object' && into !== null ? into : {}) as Readonly<Record<string, unknown>>;
  return { ...before, [key]: nested(before[key], rest, value) };
}

const word = fc.constantFrom(
  'a'.repeat(64),
  '1'.repeat(64),
  'sha256:0',
  'none',
  'yes',
  '# no comment',
  'a: b',
  'two\nlines\n',
  '',
);
const value: fc.Arbitrary<DialValue> = fc.oneof(
  word,
  fc.integer({ min: 0, max: 99 }),
  fc.record({ stable: word, canary: word, weight: fc.integer({ min: 1, max: 99 }) }),
);
const key = fc.constantFrom(
  'millrace:releases',
  'millrace:policies',
  'millrace:gpu',
  'millrace:objects',
  'millrace:new',
  'retail',
);
const path = fc.tuple(key, fc.constantFrom('retail', 'fraud', 'registry', 'labels', 'quota')).map((keys) => ['config', ...keys]);

test('after any edits the file says what was set, and every comment is where it was', () => {
  const edits = fc.array(fc.record({ path, value }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...FILES), edits, (file, some) => {
      let text = readFileSync(join(STACKS, file), 'utf8');
      let wanted: unknown = parse(text);
      const comments = text.split('\n').filter((line) => line.trimStart().startsWith('#'));
      for (const one of some) {
        wanted = nested(wanted, one.path, one.value);
        text = withDial(text, one.path, one.value);
        assert.deepEqual(JSON.parse(JSON.stringify(parse(text))), JSON.parse(JSON.stringify(wanted)), text);
      }
      assert.deepEqual(
        comments.filter((line) => !text.includes(line)),
        [],
      );
    }),
    { numRuns: 150 },
  );
});

test('a comment beside the value stays there, and a map in braces stays in braces', () => {
  const text = ['a: none # not yet', 'b: { c: 1, d: [x] } # short', 'e:', '  # why', '  f: old', '  g: 2', ''].join('\n');
  assert.equal(withDial(text, ['a', 'retail'], 'unit').split('\n').slice(0, 2).join('\n'), 'a: # not yet\n  retail: unit');
  assert.match(withDial(text, ['b', 'c'], 2), /^b: \{ c: 2, d: \[ x \] \} # short$/m);
  assert.match(withDial(text, ['e', 'f'], 'new'), /e:\n {2}# why\n {2}f: new\n {2}g: 2\n$/);
});
