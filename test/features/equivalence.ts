import assert from 'node:assert/strict';
import { historicalFeatures, type SpineRow } from '../../app/features/historical.ts';
import { toNumber } from '../../app/features/model-input.ts';
import { decodeState, encodeState } from '../../app/features/row-codec.ts';
import { historicalSql } from '../../app/features/sql.ts';
import { applyEvent, emptyState, evaluate, type StreamState } from '../../app/features/state.ts';
import type { FeatureValue, FeatureValues } from '../../app/features/value.ts';
import type { Lake } from '../../app/lake/port.ts';
import type { Row } from '../../app/usecases/event.ts';
import type { Feature, FeatureView } from '../../app/usecases/feature.ts';
import { type Duration, micros } from '../../app/usecases/window.ts';
import { type Case, START, WINDOWS } from './equivalence-case.ts';
import type { PurchaseTable } from './purchase-table.ts';

/** What one definition is compiled to. A mutant replaces one of them. */
export interface Generators {
  readonly sql: (text: string) => string;
  readonly apply: typeof applyEvent;
  readonly encode: typeof encodeState;
  readonly decode: typeof decodeState;
  readonly evaluate: typeof evaluate;
  readonly toNumber: typeof toNumber;
}

export const GENERATORS: Generators = {
  sql: (text) => text,
  apply: applyEvent,
  encode: encodeState,
  decode: decodeState,
  evaluate,
  toNumber,
};

/** Throws where SQL, stream state, online row and model input disagree on any feature of any question. */
export async function agree(table: PurchaseTable, made: Generators, { view: v, log, questions, batch }: Case): Promise<void> {
  await table.fill(log);
  const maxAhead = micros(v.source.rules.maxAhead);
  const spine: (SpineRow & { readonly beforeOffset: number })[] = questions.map(({ after, about, window, by, edge }) => {
    const beforeOffset = (after % log.length) + 1;
    const event = log[about % log.length] as Row;
    const seen = log.slice(0, beforeOffset).filter(({ who }) => who === event.who);
    // The door has seen to it: the clock has passed the newest event's time less the allowance.
    const earliest = Math.max(...seen.map(({ at }) => Number(at) - maxAhead));
    const over = edge ? micros(WINDOWS[window % WINDOWS.length] as Duration) : 0;
    return { entity: String(event.who), at: Math.max(Number(event.at) + over + by, earliest), beforeOffset };
  });
  const lake = {
    query: (_sql: string, { params }: { params: Record<string, string> }) =>
      table.query(made.sql(historicalSql({ name: 'shop' }, v).text), params),
  };
  const fromLake = await historicalFeatures(lake as unknown as Lake, { usecase: { name: 'shop' }, view: v, spine });
  spine.forEach(({ entity, at, beforeOffset }, i) => {
    const rows = log.slice(0, beforeOffset);
    const batchValues = fromLake[i] as FeatureValues;
    const online = stream(made, v, rows, entity, batch);
    const context = `${entity} at ${at - START} after ${beforeOffset} rows`;
    same(v, made.evaluate(v, stream(made, v, rows, entity, undefined), at), batchValues, `stream: ${context}`);
    same(v, made.evaluate(v, online, at), batchValues, `online: ${context}`);
    for (const [name, f] of Object.entries(v.features)) {
      if (f.type === 'string' || f.type === 'string[]') continue;
      const served = made.toNumber(f, made.evaluate(v, online, at)[name]);
      assert.ok(close(f.type, served, toNumber(f, batchValues[name])), `model input ${name}: ${context}`);
    }
  });
}

/** The entity's state after the rows; every `batch` rows it is written to the online row and read back. */
function stream(made: Generators, v: FeatureView, rows: readonly Row[], entity: string, batch: number | undefined): StreamState {
  let state = emptyState(v);
  rows.forEach((r, offset) => {
    if (r.who !== entity) return;
    state = made.apply(v, state, r, { partition: 0, offset });
    if (batch !== undefined && offset % batch === 0) state = made.decode(v, made.encode(v, state)) as StreamState;
  });
  return batch === undefined ? state : (made.decode(v, made.encode(v, state)) as StreamState);
}

function same(v: FeatureView, actual: FeatureValues, expected: FeatureValues, context: string): void {
  for (const [name, { type, expression }] of Object.entries(v.features)) {
    const [a, b] = [actual[name] as FeatureValue, expected[name] as FeatureValue];
    assert.ok(
      close(type, a, b),
      `${context}: ${name} ${JSON.stringify(expression)} is ${JSON.stringify(a)}, SQL says ${JSON.stringify(b)}`,
    );
  }
}

function close(type: Feature['type'], a: FeatureValue, b: FeatureValue): boolean {
  if (
    typeof a === 'number' &&
    typeof b === 'number' &&
    (type === 'double' || Math.max(Math.abs(a), Math.abs(b)) > Number.MAX_SAFE_INTEGER)
  ) {
    return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
