import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Span, SpanOptions, Tracer } from './span.ts';

export interface OtlpOptions {
  /** Base address of a receiver of OTLP over HTTP; spans go to `/v1/traces` under it. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the spans are about: `service.name` and others. */
  readonly resource: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Longest that an ended span waits for others. @default 2_000 */
  readonly lingerMs?: number;
  /** @default 5_000 */
  readonly timeoutMs?: number;
}

const BATCH = 512;
/** Beyond it spans are dropped: what watches a request must not hold it up. */
const CAPACITY = 4_096;
const WARN_EVERY_MS = 60_000;
const CONTEXT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOWHERE = /^0+$/;
const SAMPLED = 1;
/** Numbers of OTLP's `Span.SpanKind`, and of `Status.StatusCode` for an error. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const ERROR = 2;

interface Context {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** A W3C traceparent; undefined for what is none. */
function contextOf(text: string | undefined): Context | undefined {
  const [, traceId, spanId, flags] = CONTEXT.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || NOWHERE.test(traceId) || NOWHERE.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '0', 16) & SAMPLED) === SAMPLED };
}

const nanoseconds = (): string => String(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000)) * 1_000n);

const listOf = (attributes: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/**
 * Spans as OpenTelemetry has them, brought to a receiver by OTLP over HTTP in its JSON form: batched, bounded, and dropped rather
 * than waited for. A request whose caller has decided against tracing is not traced.
 */
export function openOtlpTracer(options: OtlpOptions): Tracer {
  const { logger, lingerMs = 2_000, timeoutMs = 5_000 } = options;
  const url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`;
  const headers = { 'content-type': 'application/json', ...options.headers };
  const resource = { attributes: listOf(options.resource) };
  const storage = new AsyncLocalStorage<Span>();
  let ended: object[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  let dropped = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;

  async function send(spans: readonly object[]): Promise<void> {
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'millrace' }, spans }] }] });
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`status ${response.status}`);
    } catch (error) {
      dropped += spans.length;
      if (performance.now() - warnedAt < WARN_EVERY_MS) return;
      warnedAt = performance.now();
      logger.warn({ err: error, url, dropped }, 'spans could not be brought to their receiver and are dropped');
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const spans = ended;
    ended = [];
    // Of no request: what sends must not be traced, nor hold one's context.
    if (spans.length > 0) sending = storage.exit(() => sending.then(() => send(spans)));
    return sending;
  }

  function take(span: object): void {
    if (ended.length >= CAPACITY) {
      dropped += 1;
      return;
    }
    ended.push(span);
    if (ended.length === BATCH) void flush();
    else timer ??= setTimeout(() => void flush(), lingerMs).unref();
  }

  function start(name: string, { kind = 'internal', parent, links = [], attributes = {} }: SpanOptions = {}): Span {
    const from = contextOf(parent ?? storage.getStore()?.traceparent);
    const traceId = from?.traceId ?? randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const sampled = from?.sampled ?? true;
    const startTimeUnixNano = nanoseconds();
    let facts = attributes;
    let status = {};
    let open = true;
    return {
      traceparent: `00-${traceId}-${spanId}-0${sampled ? SAMPLED : 0}`,
      set: (more) => {
        facts = { ...facts, ...more };
      },
      fail: (error) => {
        // Its code alone: words of an error may hold a value, and a value may be a person's.
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
        facts = { ...facts, 'error.type': code };
        status = { code: ERROR };
      },
      end: () => {
        if (!open || !sampled) return;
        open = false;
        take({
          traceId,
          spanId,
          ...(from !== undefined && { parentSpanId: from.spanId }),
          name,
          kind: KINDS[kind],
          startTimeUnixNano,
          endTimeUnixNano: nanoseconds(),
          attributes: listOf(facts),
          links: links.flatMap((link) => {
            const to = contextOf(link);
            return to === undefined ? [] : [{ traceId: to.traceId, spanId: to.spanId }];
          }),
          status,
        });
      },
    };
  }

  return {
    start,
    within: (span, body) => storage.run(span, body),
    outside: (body) => storage.exit(body),
    active: () => storage.getStore(),
    close: flush,
  };
}
