import { Type } from 'typebox';
import type { Clock } from '../clock/port.ts';
import type { ClassifierUseCase } from '../usecases/usecase.ts';
import { admittedEvent, type Decider, shownProbability } from './classify.ts';
import type { Guard } from './guard.ts';
import { classifyBody, problems } from './schemas.ts';
import type { UnitSlot } from './unit.ts';
import { markFallback, type Web } from './web.ts';

/**
 * `POST /v1/classify`: a decision about one event, in the event's own wire form and by the door's own rules. What the model
 * read and how sure it was to the last digit stay inside: they are nobody's business but explain's.
 */
export function classifyRoute(
  app: Web,
  options: {
    readonly usecase: ClassifierUseCase;
    readonly decide: Decider;
    readonly slot: UnitSlot;
    readonly guard: Guard;
    readonly clock: Clock;
  },
): void {
  const { usecase, decide, slot, clock } = options;
  const { event } = usecase.model.label;
  const { decisions, fallback, mainParameters } = usecase.serving;
  app.post(
    '/v1/classify',
    {
      onRequest: options.guard('classify'),
      schema: {
        operationId: 'classify',
        tags: ['classify'],
        summary: `A decision about one ${event.name}: ${Object.keys(decisions).join(', ')}`,
        description: `What counts most: ${mainParameters.join('; ')}. Where the model cannot be asked, the answer is '${fallback}'.`,
        security: [{ bearer: ['classify'] }],
        body: classifyBody(usecase),
        response: { 200: answer(usecase), ...problems(400, 401, 403, 413, 415, 429) },
      },
    },
    async (request, reply) => {
      const row = admittedEvent(event, request.body.event, clock, (field) => `body.event.${field}`);
      const held = slot.hold();
      try {
        const { probability, ...decided } = await decide({ requestId: request.id, event: row }, held?.unit);
        markFallback(reply, decided.fallback);
        return { ...decided, model: usecase.model.name, probability: shownProbability(usecase, probability) };
      } finally {
        held?.release();
      }
    },
  );
}

const orNull = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer> | ReturnType<typeof Type.Number>>(
  schema: T,
) => Type.Union([schema, Type.Null()]);

const answer = ({ model, serving }: ClassifierUseCase) =>
  Type.Object(
    {
      requestId: Type.String({ description: 'Names this answer for explain.' }),
      unitId: orNull(Type.String({ description: 'SHA-256 of the release unit that answered; null before the first release.' })),
      model: Type.String(),
      version: orNull(Type.Integer({ description: "The model's version in the registry." })),
      event: Type.String({ description: `Id of the ${model.label.event.name}.` }),
      decision: Type.String({ description: Object.keys(serving.decisions).join(', ') }),
      probability: orNull(
        Type.Number({
          description: `That it is one of the class looked for, calibrated, to ${serving.probabilityDigits} decimals; null where the fallback answered.`,
        }),
      ),
      fallback: orNull(Type.String({ description: `${serving.fallback} where the model did not answer, else null.` })),
      reason: orNull(Type.String({ description: 'Why the fallback answered.' })),
    },
    { additionalProperties: false, title: 'ClassifyAnswer' },
  );
