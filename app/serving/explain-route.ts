import { Type } from 'typebox';
import { type ExplainSources, openExplainer } from './explain.ts';
import type { Guard } from './guard.ts';
import { problems } from './schemas.ts';
import type { Web } from './web.ts';

/** `GET /v1/explain/{requestId}`: how an answer came about; scope `explain`. Answers once the lake has the prediction. */
export function explainRoute(app: Web, options: ExplainSources & { readonly guard: Guard }): void {
  const explainer = openExplainer(options);
  app.addHook('onClose', () => explainer.close());
  app.get(
    '/v1/explain/:requestId',
    {
      onRequest: options.guard('explain'),
      schema: {
        operationId: 'explain',
        tags: ['explain'],
        summary: 'Events, features, release and the same scores again',
        security: [{ bearer: ['explain'] }],
        params: Type.Object({ requestId: Type.String({ minLength: 36, maxLength: 36, format: 'uuid' }) }),
        response: { 200: Type.Any({ description: 'See app/serving/explanation.ts' }), ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    (request) => explainer.explain(request.params.requestId),
  );
}
