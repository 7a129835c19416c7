import { Type } from 'typebox';
import type { ServingMetrics } from './metrics.ts';
import type { Web } from './web.ts';

/** What readiness depends on. */
export interface Readiness {
  readonly ready: boolean;
  /** Unit id of the release that answers; `none` where the fallback does. */
  readonly model: string;
  /** What a request is answered by now: before the first release that is the declared fallback. */
  readonly answers: 'model' | 'fallback';
  readonly store: boolean;
  readonly closing: boolean;
}

const readiness = Type.Object({
  ready: Type.Boolean(),
  model: Type.String({ description: 'Unit id of the release that answers, or none' }),
  answers: Type.String({ description: 'model or fallback' }),
  store: Type.Boolean(),
  closing: Type.Boolean(),
});
const tags = ['operate'];

/** Probes and metrics: open, without personal data; the network decides who reaches them. */
export function operateRoutes(
  app: Web,
  options: {
    readonly metrics: ServingMetrics;
    readonly readiness: () => Promise<Readiness>;
    /** Whether the registry was looked at once, and what it named was loaded or could not be. */
    readonly started: () => boolean;
  },
): void {
  const alive = Type.Object({ status: Type.String() });
  app.get('/healthz', { schema: { tags, summary: 'The process answers', response: { 200: alive } } }, async () => ({
    status: 'ok',
  }));

  const start = Type.Object({ started: Type.Boolean() });
  const begun = 'The registry was looked at: the champion it named is loaded, or the fallback answers';
  app.get('/startupz', { schema: { tags, summary: begun, response: { 200: start, 503: start } } }, async (_request, reply) => {
    const started = options.started();
    reply.code(started ? 200 : 503);
    return { started };
  });

  const summary = 'The champion is loaded and warm, or there is none yet and the fallback answers; the online store is reachable';
  app.get('/readyz', { schema: { tags, summary, response: { 200: readiness, 503: readiness } } }, async (_request, reply) => {
    const state = await options.readiness();
    reply.code(state.ready ? 200 : 503);
    return state;
  });

  app.get('/metrics', { schema: { tags, summary: 'Prometheus metrics' } }, async (_request, reply) => {
    reply.header('content-type', options.metrics.registry.contentType);
    return options.metrics.registry.metrics();
  });
}
