import { Type } from 'typebox';
import type { ServingMetrics } from './metrics.ts';
import type { Web } from './web.ts';

/** What readiness depends on, each with whether it holds now. */
export interface Readiness {
  readonly ready: boolean;
  readonly model: boolean;
  readonly store: boolean;
  readonly closing: boolean;
}

const readiness = Type.Object({ ready: Type.Boolean(), model: Type.Boolean(), store: Type.Boolean(), closing: Type.Boolean() });
const tags = ['operate'];

/** Probes and metrics: open, without personal data; the network decides who reaches them. */
export function operateRoutes(
  app: Web,
  options: { readonly metrics: ServingMetrics; readonly readiness: () => Promise<Readiness> },
): void {
  const alive = Type.Object({ status: Type.String() });
  app.get('/healthz', { schema: { tags, summary: 'The process answers', response: { 200: alive } } }, async () => ({
    status: 'ok',
  }));

  const summary = 'A model is loaded and warm, and the online store is reachable';
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
