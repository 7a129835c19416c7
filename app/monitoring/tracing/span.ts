type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** @default 'internal' */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** W3C traceparent that it goes on from. @default the span that is active */
  readonly parent?: string | undefined;
  /** Traceparents of spans that led to it beside its parent. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
}

export interface Span {
  /** As W3C Trace Context writes it: `00-<trace>-<span>-<flags>`. */
  readonly traceparent: string;
  set(attributes: Attributes): void;
  fail(error: unknown): void;
  /** Only the first time counts. */
  end(): void;
}

/** Makes spans and brings them away. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** Runs `body`, and all that it awaits, with the span active. */
  within<T>(span: Span, body: () => T): T;
  /** Runs `body` with none active. */
  outside<T>(body: () => T): T;
  active(): Span | undefined;
  /** Resolves when what has ended is brought away, or cannot be. */
  close(): Promise<void>;
}

let tracer: Tracer | undefined;

/** The process's one tracer; undefined where none is set up, as on a laptop: then tracing costs a look. */
export const currentTracer = (): Tracer | undefined => tracer;

export function useTracer(other: Tracer | undefined): void {
  tracer = other;
}

/** Runs `body` as a span: its end, and its error, are the span's. */
export async function traced<T>(name: string, options: SpanOptions, body: () => Promise<T>): Promise<T> {
  const by = tracer;
  if (by === undefined) return body();
  const span = by.start(name, options);
  try {
    return await by.within(span, body);
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** Runs `body` outside of the request that happened to begin it. */
export const untraced = <T>(body: () => T): T => (tracer === undefined ? body() : tracer.outside(body));

/** Under which name a record says what it comes from, as W3C Trace Context has it. */
export const TRACEPARENT = 'traceparent';

/** What a record says of the span that is active; undefined where there is none. */
export function tracedHeaders(): Readonly<Record<string, string>> | undefined {
  const traceparent = tracer?.active()?.traceparent;
  return traceparent === undefined ? undefined : { [TRACEPARENT]: traceparent };
}
