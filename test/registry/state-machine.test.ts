import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MillraceError } from '../../app/errors.ts';
import { championStack } from '../../app/registry/deploy.ts';
import { type Fixture, MODEL, openFixture } from './fixture.ts';

type Move =
  | { readonly kind: 'register' | 'rollback' }
  | { readonly kind: 'pass' | 'refuse' | 'approve' | 'promote'; readonly pick: number }
  | { readonly kind: 'wait'; readonly micros: number };

const pick = fc.nat(5);
const one = (made: fc.Arbitrary<object>): fc.Arbitrary<readonly Move[]> => made.map((m) => [m as Move]);

/** Single acts in any order, mixed with whole ways to the champion, so that there are champions to go back to. */
const moves: fc.Arbitrary<readonly Move[]> = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: one(fc.constant({ kind: 'register' })) },
      { weight: 4, arbitrary: one(fc.constant({ kind: 'rollback' })) },
      { weight: 2, arbitrary: one(fc.record({ kind: fc.constantFrom('pass', 'approve', 'refuse'), pick })) },
      { weight: 3, arbitrary: one(fc.record({ kind: fc.constant('promote'), pick })) },
      // Clocks stand still and go back as well.
      { weight: 3, arbitrary: one(fc.record({ kind: fc.constant('wait'), micros: fc.integer({ min: -3, max: 5 }) })) },
      {
        weight: 5,
        arbitrary: pick.map((n): readonly Move[] => [
          { kind: 'register' },
          { kind: 'pass', pick: n },
          { kind: 'approve', pick: n },
          { kind: 'promote', pick: n },
        ]),
      },
    ),
    { minLength: 8, maxLength: 25 },
  )
  .map((ways) => ways.flat());

/** The registry in ten lines: what each version has been through, and the champion over time. */
interface Model {
  readonly state: ('candidate' | 'gated' | 'refused' | 'approved')[];
  readonly timeline: { readonly at: number; readonly version: number }[];
  stack: number[];
}

async function apply(fixture: Fixture, model: Model, made: Move): Promise<void> {
  const { registry, clock } = fixture;
  const number = 'pick' in made ? 1 + (made.pick % Math.max(1, model.state.length)) : 0;
  const state = model.state[number - 1];
  const answer = (version: number) => {
    const last = model.timeline.at(-1)?.at ?? 0;
    model.timeline.push({ at: Math.max(last, clock.time), version });
  };
  const attempt = async (allowed: boolean, act: () => Promise<unknown>): Promise<boolean> => {
    const error = await act().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && !(error instanceof MillraceError)) throw error;
    assert.equal(error === undefined, allowed, `${made.kind} ${number} in state ${state}: ${error?.code ?? 'allowed'}`);
    return allowed;
  };
  if (made.kind === 'wait') clock.time += made.micros;
  else if (made.kind === 'register') {
    await registry.register(await fixture.release(), 'ann');
    model.state.push('candidate');
  } else if (made.kind === 'rollback') {
    const top = model.stack.at(-1);
    const target = model.stack.slice(0, -1).findLastIndex((v) => v !== top && model.state[v - 1] === 'approved');
    if (await attempt(target >= 0, () => registry.rollback(MODEL, 'olga', 'x'))) {
      model.stack = model.stack.slice(0, target + 1);
      answer(model.stack.at(-1) as number);
    }
  } else if (state === undefined) {
    return;
  } else if (made.kind === 'pass' || made.kind === 'refuse') {
    const { unitId } = await registry.show(MODEL, number);
    const verdict = made.kind === 'pass' ? 'passed' : 'refused';
    await registry.recordVerdict('gate', await fixture.evidence({ version: number, unitId }, { verdict }));
    if (verdict === 'refused') model.state[number - 1] = 'refused';
    else if (state !== 'approved') model.state[number - 1] = 'gated';
  } else if (made.kind === 'approve') {
    if (await attempt(state === 'gated' || state === 'approved', () => registry.approve(MODEL, number, 'olga')))
      model.state[number - 1] = 'approved';
  } else if (await attempt(state === 'approved', () => registry.promote(MODEL, number, 'olga', 'x'))) {
    if (model.stack.at(-1) !== number) {
      model.stack.push(number);
      answer(number);
    }
  }
}

test('no order of acts makes a champion that was not gated and approved, and `at` agrees with a plain model', async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (ways) => {
      const fixture = await openFixture();
      try {
        const { registry } = fixture;
        const start = fixture.clock.time;
        const model: Model = { state: [], timeline: [], stack: [] };
        for (const made of ways) {
          await apply(fixture, model, made);
          const champion = await registry.alias(MODEL, 'champion');
          assert.equal(champion?.version, model.stack.at(-1));
        }
        for (const { version } of model.timeline) {
          const shown = await registry.show(MODEL, version);
          assert.ok(shown.approvals.length > 0 && shown.verdicts.some(({ verdict }) => verdict === 'passed'));
        }
        for (let moment = start - 5; moment < start + 60; moment += 1) {
          const expected = model.timeline.findLast(({ at }) => at <= moment)?.version;
          assert.equal((await registry.at(MODEL, moment))?.version, expected, `at start + ${moment - start}`);
        }
        assert.deepEqual(championStack(await registry.deployments(MODEL)), model.stack);
        const states = (await registry.list(MODEL)).map(({ state }) => state).reverse();
        assert.deepEqual(states, model.state);
        const effects = fixture.audit.acts.filter(
          ({ action, outcome }) => outcome === 'allowed' && /promote|rollback/.test(action),
        );
        assert.equal(effects.length, model.timeline.length);
      } finally {
        await fixture.close();
      }
    }),
    { numRuns: 25 },
  );
});
