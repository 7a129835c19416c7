/** A feature's value: numbers (timestamps in microseconds), text, flags, newest-first lists, vectors; null where there is none. */
export type FeatureValue = number | string | boolean | null | readonly string[] | Float32Array;

export type FeatureValues = Readonly<Record<string, FeatureValue>>;
