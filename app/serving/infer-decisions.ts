import { Type } from 'typebox';
import type { Clock } from '../clock/port.ts';
import type { Row } from '../usecases/event.ts';
import type { Field } from '../usecases/field.ts';
import type { ClassifierUseCase } from '../usecases/usecase.ts';
import { admittedEvent, type Decider, shownProbability } from './classify.ts';
import type { Inferring } from './inference-protocol.ts';
import { makeRequestId } from './request-id.ts';
import {
  type InferenceRequest,
  invalidTensor,
  MAX_ROWS,
  readTensors,
  requestSchema,
  responseSchema,
  rowsOf,
  type Tensor,
  type TensorMetadata,
  textTensor,
} from './tensors.ts';

/** A field's elements in a tensor; times are RFC 3339 texts, as on the wire. */
const DATATYPES: Readonly<Record<Field['type'], TensorMetadata['datatype']>> = {
  string: 'BYTES',
  timestamp: 'BYTES',
  boolean: 'BOOL',
  long: 'INT64',
  double: 'FP64',
};

const OUTPUTS: readonly TensorMetadata[] = [
  { name: 'event', datatype: 'BYTES', shape: [-1] },
  { name: 'decision', datatype: 'BYTES', shape: [-1] },
  { name: 'probability', datatype: 'FP64', shape: [-1] },
  { name: 'request_id', datatype: 'BYTES', shape: [-1] },
  { name: 'fallback', datatype: 'BYTES', shape: [-1] },
];

/**
 * Decisions about many events, by columns: an input a field of the event, [n] (or [n, 1]). A nullable field may be left
 * out or hold nulls; a probability is null where the fallback answered.
 */
export function inferDecisions({
  usecase,
  decide,
  clock,
}: {
  readonly usecase: ClassifierUseCase;
  readonly decide: Decider;
  readonly clock: Clock;
}): Inferring {
  const { event } = usecase.model.label;
  const inputs = Object.entries(event.fields).map(([name, { type }]) => ({ name, datatype: DATATYPES[type], shape: [-1] }));
  return {
    summary: `Decisions about up to ${MAX_ROWS} events of kind ${event.name}, a tensor a field`,
    inputs,
    outputs: OUTPUTS,
    // The door judges each element by its field; the body's limit bounds the texts.
    request: requestSchema(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), inputs.length),
    response: responseSchema(Type.Union([Type.String(), Type.Number(), Type.Null()])),
    read(request) {
      const events = readEvents(request, usecase, inputs, clock);
      return async (unit) => {
        const decided = await Promise.all(events.map((row) => decide({ requestId: makeRequestId(), event: row }, unit)));
        const texts = (name: string, of: (one: (typeof decided)[number]) => string) => textTensor(name, decided.map(of));
        const probability: Tensor = {
          name: 'probability',
          datatype: 'FP64',
          shape: [decided.length],
          data: decided.map((one) => shownProbability(usecase, one.probability)),
        };
        const tensors = [
          texts('event', (one) => one.event),
          texts('decision', (one) => one.decision),
          probability,
          texts('request_id', ({ requestId }) => requestId),
          texts('fallback', ({ fallback }) => fallback ?? ''),
        ];
        return { tensors, fallback: decided.find(({ fallback }) => fallback !== null)?.fallback ?? null };
      };
    },
  };
}

/** @throws MR_SERVING_BODY_INVALID naming the tensor's field */
function readEvents(
  request: InferenceRequest,
  { model }: ClassifierUseCase,
  inputs: readonly TensorMetadata[],
  clock: Clock,
): readonly Row[] {
  const { event } = model.label;
  const tensors = readTensors(request, inputs);
  for (const [name, { nullable }] of Object.entries(event.fields))
    if (!nullable && !tensors.has(name)) throw invalidTensor('inputs', [...tensors.keys()], `an input '${name}'`);
  const columns = [...tensors.values()];
  const rows = Math.max(...columns.map(rowsOf));
  const short = columns.find(({ data }) => data.length !== rows);
  if (short !== undefined)
    throw invalidTensor(`inputs.${short.at}.shape`, short.shape, `[${rows}], as many rows as the other inputs`);
  return Array.from({ length: rows }, (_, row) => {
    const wire = Object.fromEntries(columns.map(({ name, data }) => [name, data[row]]));
    return admittedEvent(event, wire, clock, (field) => `inputs.${tensors.get(field)?.at}.data.${row}`);
  });
}
