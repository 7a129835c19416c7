import type { FeatureView } from '../usecases/feature.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readColumn, readIds, writeColumn, writeIds } from './column-codec.ts';
import { featureError } from './errors.ts';
import { type Plan, planOf } from './plan.ts';
import { settle } from './settle.ts';
import { type StateEvent, type StreamState, UNSETTLED } from './state.ts';
import { viewHash } from './view-hash.ts';

/**
 * Layout of the online row; another layout raises the number and old rows read as missing.
 *
 *     1 byte   layout
 *     8 bytes  start of the view's hash
 *     varints  partition + 1, next offset, newest event time, settled moment (0: none, else 1 + newest - settled)
 *     varints  number of events, their times: the first signed, the others as steps
 *     columns  filter bits, ids (where order matters), then one column per field read
 */
const LAYOUT = 1;
const HASH_BYTES = 8;

const hashes = new WeakMap<FeatureView, Buffer>();

function hashOf(view: FeatureView): Buffer {
  const known = hashes.get(view) ?? Buffer.from(viewHash(view), 'hex').subarray(0, HASH_BYTES);
  hashes.set(view, known);
  return known;
}

/** The online row: the state, settled (see `settle.ts`, the state is changed in place), as compact bytes. */
export function encodeState(view: FeatureView, state: StreamState): Buffer {
  const plan = planOf(view);
  settle(plan, state);
  const { events } = state;
  const writer = new ByteWriter();
  writer.unsigned(LAYOUT);
  writer.bytes(hashOf(view));
  writer.unsigned(state.partition === undefined ? 0 : state.partition + 1);
  writer.unsigned(state.nextOffset);
  writer.signed(state.newest);
  writer.unsigned(state.settled === UNSETTLED ? 0 : 1 + state.newest - state.settled);
  writer.unsigned(events.length);
  let previous: number | undefined;
  for (const { time } of events) {
    if (previous === undefined) writer.signed(time);
    else writer.unsigned(time - previous);
    previous = time;
  }
  if (plan.filters.length > 0) for (const { mask } of events) writer.unsigned(mask);
  if (plan.ordered)
    writeIds(
      writer,
      events.map(({ id }) => id),
    );
  for (const [c, { type }] of plan.columns.entries()) {
    writeColumn(
      writer,
      type,
      events.map(({ values }) => values[c] ?? null),
    );
  }
  return writer.finish();
}

/**
 * The state of an online row. Undefined where the row was made by another layout or another definition of the view.
 * @throws MR_FEATURES_ROW_CORRUPT where it is of this definition but cannot be read
 */
export function decodeState(view: FeatureView, row: Buffer): StreamState | undefined {
  const hash = hashOf(view);
  if (row[0] !== LAYOUT || !row.subarray(1, 1 + HASH_BYTES).equals(hash)) return undefined;
  try {
    return readState(planOf(view), new ByteReader(row.subarray(1 + HASH_BYTES)));
  } catch (cause) {
    throw featureError('MR_FEATURES_ROW_CORRUPT', `${view.name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      field: view.name,
      cause,
    });
  }
}

function readState(plan: Plan, reader: ByteReader): StreamState {
  const partition = reader.unsigned();
  const nextOffset = reader.unsigned();
  const newest = reader.signed();
  const settled = reader.unsigned();
  const length = reader.unsigned();
  const times: number[] = [];
  for (let i = 0; i < length; i++) times.push(i === 0 ? reader.signed() : (times[i - 1] ?? 0) + reader.unsigned());
  const masks = plan.filters.length > 0 ? times.map(() => reader.unsigned()) : [];
  const ids = plan.ordered ? readIds(reader, length) : [];
  const columns = plan.columns.map(({ type }) => readColumn(reader, type, length));
  if (!reader.ended) throw new RangeError('bytes after the last column');
  return {
    partition: partition === 0 ? undefined : partition - 1,
    nextOffset,
    newest,
    settled: settled === 0 ? UNSETTLED : newest - (settled - 1),
    events: times.map(
      (time, i): StateEvent => ({ time, id: ids[i], mask: masks[i] ?? 0, values: columns.map((column) => column[i] ?? null) }),
    ),
  };
}
