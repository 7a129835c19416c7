import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { StateEvent, StreamState } from '../../app/features/state.ts';
import { applyEvent } from '../../app/features/state.ts';
import { agree, GENERATORS, type Generators } from './equivalence.ts';
import { anyCase } from './equivalence-case.ts';
import { openPurchaseTable, type PurchaseTable } from './purchase-table.ts';

let table: PurchaseTable;
before(async () => {
  table = await openPurchaseTable();
});
after(() => table.close());

const property = (generators: Generators) => fc.asyncProperty(anyCase, (any) => agree(table, generators, any));

test('one definition gives the same values by SQL, by the stream, through the online row and as model input', async () => {
  await fc.assert(property(GENERATORS), { numRuns: Number(process.env.MILLRACE_RUNS ?? 150) });
});

/** The online row of a state whose events were changed on the way to the bytes. */
const encodeChanged =
  (change: (event: StateEvent) => StateEvent): Generators['encode'] =>
  (view, state: StreamState) =>
    GENERATORS.encode(view, { ...state, events: state.events.map(change) });

/** Deliberate breakages of the generators. The property above must catch each. */
const MUTANTS: Readonly<Record<string, Partial<Generators>>> = {
  'SQL: the window holds its lower edge': { sql: (text) => text.replaceAll('_t > t - ', '_t >= t - ') },
  'SQL: the window leaves out the moment itself': { sql: (text) => text.replaceAll('_t <= t ', '_t < t ') },
  'SQL: ties in reverse order of id': { sql: (text) => text.replace('order by "at", "id",', 'order by "at", "id" desc,') },
  'SQL: nulls count in a mean': { sql: (text) => text.replaceAll(/\/ count\(c\d\)/g, '/ count(*)') },
  'SQL: offsets the stream had not applied count': { sql: (text) => text.replaceAll('_o < o', '_o <= o') },
  'stream: late events are dropped': {
    apply: (view, state, row, position) => (Number(row.at) < state.newest ? state : applyEvent(view, state, row, position)),
  },
  'stream: ties in the order of UTF-16 units': {
    apply: (view, state, row, position) => {
      const applied = applyEvent(view, state, row, position);
      applied.events.sort((a, b) => a.time - b.time || ((a.id ?? '') < (b.id ?? '') ? -1 : 1));
      return applied;
    },
  },
  'row bytes: times lose what is below a millisecond': {
    encode: encodeChanged((event) => ({ ...event, time: event.time - (event.time % 1000) })),
  },
  'row bytes: numbers lose their sign': {
    encode: encodeChanged((event) => ({
      ...event,
      values: event.values.map((value) => (typeof value === 'number' ? Math.abs(value) : value)),
    })),
  },
  'row bytes: one lastN value too few is kept': {
    encode: (view, state) => {
      const bytes = GENERATORS.encode(view, state);
      return state.events.length < 2 ? bytes : GENERATORS.encode(view, { ...state, events: state.events.slice(1) });
    },
  },
  'model input: no value reads as 0': {
    toNumber: (feature, value) => (value === null ? 0 : GENERATORS.toNumber(feature, value)),
  },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  test(`caught by the same property: ${name}`, async () => {
    const found = await fc.check(property({ ...GENERATORS, ...mutant }), { seed: 1, numRuns: 1000, endOnFailure: true });
    assert.ok(found.failed, `the property held for ${found.numRuns} runs`);
    assert.match(String(found.errorInstance), /AssertionError/, 'a wrong value, not a crash');
  });
}
