import { type TSchema, Type } from 'typebox';

/** How a field's values are held: in JSON, in the lake and in features. */
export type FieldType = 'string' | 'long' | 'double' | 'boolean' | 'timestamp';

/** `pii` is encrypted per subject in log, lake and online store; `sensitive` never becomes a feature without a lawful basis. */
export type DataClass = 'public' | 'internal' | 'sensitive' | 'pii';

export interface FieldOptions {
  readonly class?: DataClass;
  /** Unit of measure (UCUM or ISO 4217), e.g. `EUR`, `s`, `1`. */
  readonly unit?: string;
  readonly description?: string;
}

export interface Field<T extends FieldType = FieldType, V = unknown, Nullable extends boolean = boolean> {
  readonly type: T;
  readonly nullable: Nullable;
  readonly class: DataClass;
  /** The field names the person: it is replaced by the subject's pseudonym at the door. */
  readonly subject: boolean;
  readonly unit: string | undefined;
  readonly description: string | undefined;
  /** Finite set of admitted values. */
  readonly values: readonly string[] | undefined;
  /** Admitted range, both ends included. */
  readonly range: readonly [number, number] | undefined;
  /** JSON Schema of one value on the wire. */
  readonly schema: TSchema;
  /** Type only: what a value is in TypeScript. */
  readonly value?: V;
}

type Range = { readonly range?: readonly [number, number] };

const field = <T extends FieldType, V>(
  type: T,
  schema: TSchema,
  options: FieldOptions,
  more: Partial<Field> = {},
): Field<T, V, false> =>
  ({
    type,
    nullable: false,
    class: options.class ?? 'internal',
    subject: false,
    unit: options.unit,
    description: options.description,
    values: undefined,
    range: undefined,
    ...more,
    schema,
  }) as Field<T, V, false>;

/** Text of at most `maxLength` UTF-16 units. @default 256 */
export const text = (options: FieldOptions & { readonly maxLength?: number; readonly pattern?: string } = {}) =>
  field<'string', string>(
    'string',
    Type.String({
      minLength: 1,
      maxLength: options.maxLength ?? 256,
      ...(options.pattern === undefined ? {} : { pattern: options.pattern }),
    }),
    options,
  );

/** The person an event is about. Class `pii` by nature; stored as a pseudonym. */
export const subject = (options: Omit<FieldOptions, 'class'> & { readonly maxLength?: number } = {}) =>
  ({ ...text({ ...options, class: 'pii' }), subject: true }) as Field<'string', string, false>;

export const oneOf = <const S extends readonly [string, ...string[]]>(values: S, options: FieldOptions = {}) =>
  field<'string', S[number]>('string', Type.Enum([...values]), options, { values });

/** A 64-bit float; NaN and infinities are refused. */
export const number = (options: FieldOptions & Range = {}) => {
  const [minimum, maximum] = options.range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  return field<'double', number>('double', Type.Number({ minimum, maximum }), options, { range: options.range });
};

/** A whole number within ±2^53. */
export const integer = (options: FieldOptions & Range = {}) => {
  const [minimum, maximum] = options.range ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return field<'long', number>('long', Type.Integer({ minimum, maximum }), options, { range: options.range });
};

export const flag = (options: FieldOptions = {}) => field<'boolean', boolean>('boolean', Type.Boolean(), options);

/** An instant: RFC 3339 text on the wire, microseconds since the epoch everywhere inside. */
export const timestamp = (options: FieldOptions = {}) =>
  field<'timestamp', number>('timestamp', Type.String({ format: 'date-time', maxLength: 40 }), options);

/** The same field, may be absent or null. */
export const nullable = <T extends FieldType, V>(inner: Field<T, V, boolean>): Field<T, V | null, true> =>
  ({ ...inner, nullable: true }) as Field<T, V | null, true>;
