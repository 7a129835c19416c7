import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../app/canonical.ts';

test('the order of keys does not matter, and the text says the same as the value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonicalJson(turned), canonicalJson(value));
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(JSON.parse(canonicalJson(value))), canonicalJson(value));
    }),
  );
});

test('keys are sorted by UTF-16 code units, as in the example of RFC 8785 §3.2.3', () => {
  const value = {
    '\u20ac': 'Euro',
    '\r': 'CR',
    '\ufb33': 'Hebrew',
    '1': 'One',
    '\ud83d\ude00': 'Emoji',
    '\u0080': 'Control',
    '\u00f6': 'o',
  };
  const keys = [...canonicalJson(value).matchAll(/("[^"]+"):/g)].map(([, key]) => JSON.parse(key ?? '') as string);
  assert.deepEqual(keys, ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']);
});

test('absent members are left out; what has no JSON is refused', () => {
  assert.equal(canonicalJson({ b: undefined, a: [1, null, 'x', true] }), '{"a":[1,null,"x",true]}');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, { a: Number.NaN }, [undefined], 1n]) {
    assert.throws(() => canonicalJson(value), TypeError);
  }
});
