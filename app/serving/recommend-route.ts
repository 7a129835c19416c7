import type { RecommenderUseCase } from '../usecases/usecase.ts';
import type { Answerer } from './answer.ts';
import { servingError } from './errors.ts';
import type { Guard } from './guard.ts';
import { problems, recommendAnswer, recommendBody } from './schemas.ts';
import type { UnitSlot } from './unit.ts';
import { markFallback, type Web } from './web.ts';

/** `POST /v1/recommend`: the domain route. Scores stay inside: they are nobody's business but explain's. */
export function recommendRoute(
  app: Web,
  options: { readonly usecase: RecommenderUseCase; readonly answer: Answerer; readonly slot: UnitSlot; readonly guard: Guard },
): void {
  const { usecase, answer, slot } = options;
  app.post(
    '/v1/recommend',
    {
      onRequest: options.guard('recommend'),
      schema: {
        operationId: 'recommend',
        tags: ['recommend'],
        summary: 'The next items this user is likely to want, best first',
        description: [
          `Main parameters of the ranking: ${usecase.serving.mainParameters.join('; ')}.`,
          'With `context.profiling: false` the popular items answer and nothing about the user is read.',
        ].join(' '),
        security: [{ bearer: ['recommend'] }],
        body: recommendBody(usecase),
        response: { 200: recommendAnswer, ...problems(400, 401, 403, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { user, k, context } = request.body;
      const profiling = context?.profiling ?? true;
      if (user === undefined && profiling) {
        throw servingError('MR_SERVING_BODY_INVALID', 'body.user: expected a user id, or context.profiling: false', {
          field: 'body.user',
          expected: 'a user id, or context.profiling: false',
        });
      }
      const held = slot.hold();
      try {
        const exclude = context?.exclude ?? [];
        const ask = { requestId: request.id, user, k: k ?? usecase.serving.k.default, exclude, profiling };
        const { items, requestId, unitId, version, fallback, reason } = await answer(ask, held?.unit);
        markFallback(reply, fallback);
        return { requestId, unitId, model: usecase.model.name, version, items: [...items], fallback, reason };
      } finally {
        held?.release();
      }
    },
  );
}
