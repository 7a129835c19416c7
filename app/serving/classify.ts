import type { Clock, Micros } from '../clock/port.ts';
import type { FeatureValue } from '../features/value.ts';
import type { EventType, Row } from '../usecases/event.ts';
import type { ClassifierUseCase } from '../usecases/usecase.ts';
import { admit } from '../validation/door.ts';
import { servingError } from './errors.ts';
import { decideOn } from './model.ts';
import { type AnswerParts, askModel, logAnswer, type Outcome, type Reason, unasked } from './outcome.ts';
import { gatherFeatures, strangerFeatures } from './request-features.ts';
import type { ServingUnit } from './unit.ts';

export interface ClassifyAsk {
  readonly requestId: string;
  /** The event as the door admits it; its subject in plain. */
  readonly event: Row;
}

export interface Decided {
  readonly requestId: string;
  readonly unitId: string | null;
  readonly version: number | null;
  /** Id of the event. */
  readonly event: string;
  readonly decision: string;
  /** As exact as the model gave it; a public answer rounds it. Null where the model was not asked. */
  readonly probability: number | null;
  readonly fallback: string | null;
  readonly reason: Reason | null;
}

export interface ClassifyOptions extends AnswerParts {
  readonly usecase: ClassifierUseCase;
}

export type Decider = (ask: ClassifyAsk, unit: ServingUnit | undefined) => Promise<Decided>;

/**
 * The event as the door lets it in. `place` says where in the request a field of it stands.
 * @throws MR_SERVING_BODY_INVALID with the first fault
 */
export function admittedEvent(event: EventType, wire: unknown, clock: Clock, place: (field: string) => string): Row {
  const admitted = admit(event, wire, clock);
  if (admitted.ok) return admitted.row;
  const [fault] = admitted.faults;
  const [field, expected] = [place(fault?.field ?? ''), fault?.expected ?? `a ${event.name}`];
  throw servingError('MR_SERVING_BODY_INVALID', `${field}: expected ${expected}`, { field, value: fault?.value, expected });
}

/** A probability as a public answer shows it: what the model was sure of to the last digit is explain's. */
export const shownProbability = ({ serving }: ClassifierUseCase, probability: number | null): number | null =>
  probability === null ? null : Number(probability.toFixed(serving.probabilityDigits));

/** The event's own fields that the model reads, under `event.field`. None of them is personal data (see columns.ts). */
export function eventInputs({ model }: ClassifierUseCase, event: Row): readonly (readonly [string, FeatureValue])[] {
  const own = `${model.label.event.name}.`;
  return model.inputs
    .filter((input) => input.startsWith(own))
    .map((input) => [input, event[input.slice(own.length)] ?? null] as const);
}

/** Makes the function that decides about one event by one unit: the hot path. It logs each answer as a prediction. */
export function decider(options: ClassifyOptions): Decider {
  const { usecase, clock } = options;
  const { decisions, fallback: declared, storeTimeoutMs } = usecase.serving;
  const { event: type } = usecase.model.label;

  async function ask({ requestId, event }: ClassifyAsk, unit: ServingUnit, at: Micros): Promise<Outcome> {
    const gathered = await gatherFeatures(options, unit, String(event[type.key]), at, storeTimeoutMs);
    // Whoever is not known has no history, and that is what the model is told.
    const stranger = 'unanswerable' in gathered && gathered.unanswerable === 'unknown-user';
    if ('unanswerable' in gathered && !stranger) return unasked(options, requestId, gathered);
    const known = 'features' in gathered ? gathered.features : strangerFeatures(unit, at);
    const features = { ...known, inputs: new Map([...known.inputs, ...eventInputs(usecase, event)]) };
    return askModel(options, { requestId, unit, features }, () => {
      if (unit.kind !== 'classifier') throw new RangeError(`unit ${unit.unitId} is a ${unit.kind}; it cannot decide`);
      return decideOn(unit.classifier, decisions, features.inputs);
    });
  }

  return async (request, unit) => {
    const started = performance.now();
    const at = clock.now();
    const { requestId } = request;
    const event = String(request.event[type.id]);
    const outcome: Outcome = unit === undefined ? { reason: 'no-model', pseudonym: null } : await ask(request, unit, at);
    const fallback = { name: declared, items: () => [declared] };
    const facts = { 'request.event': event };
    const answer = await logAnswer(options, { requestId, unit, outcome, fallback, facts, at, started });
    const { unitId, version, items, confidence, reason } = answer;
    const decision = items[0] ?? declared;
    return { requestId, unitId, version, event, decision, probability: confidence, fallback: answer.fallback, reason };
  };
}
