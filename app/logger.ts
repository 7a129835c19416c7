import { type DestinationStream, type Logger, pino } from 'pino';
import { redactor, scrubText } from './governance/redact.ts';

export interface LoggerOptions {
  /** @default the environment's MILLRACE_LOG, else 'info' */
  readonly level?: string;
  /** Appends to this file. @default the process's standard error */
  readonly file?: string;
  /** Writes there instead; for tests. */
  readonly stream?: DestinationStream;
  /** Further names whose values are personal, e.g. `personalNames(usecase)`. */
  readonly personal?: readonly string[];
}

/** JSON lines by pino, with personal data and secrets taken out of every line: fields by name, credentials and mail addresses in text. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const redact = redactor(options.personal);
  const clean = (bindings: object) => redact(bindings) as Record<string, unknown>;
  const destination =
    options.stream ??
    pino.destination(
      options.file === undefined ? { dest: 2, sync: true } : { dest: options.file, mkdir: true, append: true, sync: true },
    );
  const logger = pino(
    {
      level: options.level ?? process.env.MILLRACE_LOG ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }), log: clean },
      // pino's own would put back what was taken out.
      serializers: { err: (error: unknown) => error, req: (request: unknown) => request, res: (response: unknown) => response },
      hooks: {
        logMethod(args, method) {
          const [first, ...rest] = args as unknown as unknown[];
          const head = first instanceof Error ? { err: first } : first;
          const text = [head, ...rest].map((part) => (typeof part === 'string' ? scrubText(part) : part));
          method.apply(
            this,
            (first instanceof Error && rest.length === 0 ? [...text, scrubText(first.message)] : text) as Parameters<
              typeof method
            >,
          );
        },
      },
    },
    destination,
  );
  // pino cleans no bindings of children by its formatters; a child of a child comes by here as well, by its prototype.
  const child = logger.child;
  logger.child = function (this: Logger, bindings: object, ...rest: never[]) {
    return child.call(this, clean(bindings), ...rest);
  } as typeof child;
  return logger;
}
