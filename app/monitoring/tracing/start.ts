import type { Logger } from 'pino';
import type { Settings } from '../../settings.ts';
import { openOtlpTracer } from './otlp.ts';
import { type Tracer, useTracer } from './span.ts';

/** `key=value,key=value`, values percent-encoded, as OpenTelemetry's settings have lists. */
const listed = (text: string | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (text ?? '').split(',').flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 1 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]];
    }),
  );

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Sets the process's tracer up by OpenTelemetry's own settings. */
export function startTracing(endpoint: string, settings: Settings, logger: Logger): Tracer {
  const name = settings.OTEL_SERVICE_NAME ?? 'millrace';
  const tracer = openOtlpTracer({
    endpoint,
    headers: listed(settings.OTEL_EXPORTER_OTLP_HEADERS),
    resource: { ...listed(settings.OTEL_RESOURCE_ATTRIBUTES), 'service.name': name },
    logger,
  });
  useTracer(tracer);
  return tracer;
}
