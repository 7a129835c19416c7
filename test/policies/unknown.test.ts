import assert from 'node:assert/strict';
import { test } from 'node:test';
import { altered } from '../../policies/alteration.ts';
import { pinnedImage } from '../../policies/governance/pinned-image.ts';
import { judgeResource } from '../../policies/judge.ts';
import { workload } from '../../policies/samples.ts';
import { DEFAULT_SETTINGS } from '../../policies/settings.ts';
import { readProps, restsOnUnknown, UNKNOWN } from '../../policies/unknown.ts';
import { NOW } from './fixtures.ts';

/** As the engine's library does: reading the value throws. */
const withUnknown = (holder: object, key: string) =>
  Object.defineProperty({ ...holder }, key, {
    enumerable: true,
    get() {
      throw new Error(`string value at .${key} can't be known during preview`);
    },
  });

test('each unknown value is found, and hides no other', () => {
  const { props, unknowns } = readProps({ a: withUnknown({ b: 1 }, 'c'), list: [withUnknown({}, 'x/y'), 2] });
  assert.deepEqual(unknowns, ['a.c', 'list[0]["x/y"]']);
  assert.deepEqual(props, { a: { b: 1, c: UNKNOWN }, list: [{ 'x/y': UNKNOWN }, 2] });
});

test('another fault is no unknown value', () => {
  const broken = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('out of memory');
    },
  });
  assert.throws(() => readProps(broken), /out of memory/);
});

test('a violation rests on a value at its place, above it or below it, and not beside it', () => {
  assert.equal(restsOnUnknown('spec.a.b', ['spec.a']), true);
  assert.equal(restsOnUnknown('spec.a', ['spec.a.b']), true);
  assert.equal(restsOnUnknown('spec.ab', ['spec.a']), false);
  assert.equal(restsOnUnknown('', ['spec.a']), false);
});

test('a violation at an unknown value is advice, or a refusal where the rule says so', () => {
  const image = ['spec', 'template', 'spec', 'containers', 0, 'image'] as const;
  const resource = { ...altered(workload('Deployment'), [image, UNKNOWN]), unknowns: ['spec.template.spec.containers[0].image'] };
  const context = { environment: 'prod' as const, now: NOW, config: DEFAULT_SETTINGS };
  const levels = (rule: typeof pinnedImage) => judgeResource(rule, resource, context).map(({ level }) => level);
  assert.deepEqual(levels(pinnedImage), ['advisory']);
  assert.deepEqual(levels({ ...pinnedImage, unknown: 'refuse' }), ['mandatory']);
});
