/**
 * The one error type of the project. Every fault a person or a caller can cause has a code in its layer's table
 * (`app/<layer>/errors.ts`), and says what was found, what was expected and what to do next.
 */
export interface ErrorKind {
  /** HTTP status that a server answers with. */
  readonly status: number;
  /** One short sentence, the `title` of the problem document (RFC 9457). */
  readonly title: string;
  /** What to do next; a command where there is one. */
  readonly next: string;
}

export interface ErrorDetail {
  /** The field, flag or path at fault, e.g. `event.price` or `--data`. */
  readonly field?: string;
  /** The offending value. Never a secret and never a field of class `pii`. */
  readonly value?: unknown;
  readonly expected?: string;
  readonly cause?: unknown;
}

export type ErrorCode = `MR_${Uppercase<string>}`;

export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly field: string | undefined;
  readonly value: unknown;
  readonly expected: string | undefined;

  constructor(code: ErrorCode, kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.kind = kind;
    this.field = detail.field;
    this.value = detail.value;
    this.expected = detail.expected;
  }

  /** Problem document (RFC 9457) with our code, field, value and expectation as extension members. */
  toProblem(): Readonly<Record<string, unknown>> {
    return {
      type: `urn:millrace:${this.code}`,
      title: this.kind.title,
      status: this.kind.status,
      detail: this.message,
      code: this.code,
      field: this.field,
      value: this.value,
      expected: this.expected,
      next: this.kind.next,
    };
  }
}

/** Makes the constructor of a layer's errors from its table, so that a code unknown to the table does not compile. */
export function errorTable<const T extends Readonly<Record<ErrorCode, ErrorKind>>>(table: T) {
  return {
    table,
    error: (code: Extract<keyof T, ErrorCode>, message: string, detail?: ErrorDetail): MillraceError =>
      new MillraceError(code, table[code] as ErrorKind, message, detail),
  };
}
