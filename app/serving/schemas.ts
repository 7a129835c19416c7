import { Type } from 'typebox';
import type { ClassifierUseCase, RecommenderUseCase, UseCase } from '../usecases/usecase.ts';
import { MAX_EXCLUDED } from './popularity.ts';

const strict = { additionalProperties: false } as const;
const id = (description: string) => Type.String({ minLength: 1, maxLength: 64, description });

/** Body of `POST /v1/recommend`. Unknown fields are refused; every text and list is bounded. */
export const recommendBody = (usecase: RecommenderUseCase) =>
  Type.Object(
    {
      user: Type.Optional(id("The user's id as the events name it. May be left out only with `context.profiling: false`.")),
      k: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: usecase.serving.k.max,
          default: usecase.serving.k.default,
          description: 'How many items.',
        }),
      ),
      context: Type.Optional(
        Type.Object(
          {
            exclude: Type.Optional(
              Type.Array(id('An item id.'), { maxItems: MAX_EXCLUDED, description: 'Items that may not be answered.' }),
            ),
            profiling: Type.Optional(
              Type.Boolean({
                default: true,
                description: 'false: nothing about the user is read or recorded; the popular items answer.',
              }),
            ),
          },
          strict,
        ),
      ),
    },
    { ...strict, title: 'RecommendRequest' },
  );

/** Body of `POST /v1/classify`: one event in its wire form; the door's rules judge what is inside. */
export const classifyBody = ({ model }: ClassifierUseCase) =>
  Type.Object(
    {
      event: Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), {
        maxProperties: 64,
        description: `The ${model.label.event.name} as it is sent to the collector.`,
      }),
    },
    { ...strict, title: 'ClassifyRequest' },
  );

/** Body of the domain route of the use case's kind. */
export const requestBody = (usecase: UseCase) => (usecase.kind === 'classifier' ? classifyBody(usecase) : recommendBody(usecase));

const Nullable = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const recommendAnswer = Type.Object(
  {
    requestId: Type.String({ description: 'Names this answer for explain.' }),
    unitId: Nullable(Type.String({ description: 'SHA-256 of the release unit that answered; null before the first release.' })),
    model: Type.String(),
    version: Nullable(Type.Integer({ description: "The model's version in the registry." })),
    items: Type.Array(Type.String(), { description: 'Item ids, best first.' }),
    fallback: Nullable(Type.String({ description: 'popular where the model did not answer, else null.' })),
    reason: Nullable(Type.String({ description: 'Why the fallback answered.' })),
  },
  { ...strict, title: 'RecommendAnswer' },
);

/** RFC 9457. */
export const problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    field: Type.Optional(Type.String()),
    expected: Type.Optional(Type.String()),
    next: Type.String(),
    instance: Type.String(),
  },
  { additionalProperties: true, title: 'Problem' },
);

/** The faults that a guarded route may answer with, for the document at /docs. */
export const problems = (...statuses: readonly number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
