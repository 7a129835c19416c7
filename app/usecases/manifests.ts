import type { EventType, Fields, TableType } from './event.ts';
import type { AnyView, Expression } from './feature.ts';
import type { DataClass, Field } from './field.ts';
import type { UseCase } from './usecase.ts';
import { type Duration, micros } from './window.ts';

/** Highest last. */
const CLASSES: readonly DataClass[] = ['public', 'internal', 'sensitive', 'pii'];

/** The highest class of a row's fields, as the annotation says it. */
export const classOf = (fields: Fields): DataClass =>
  CLASSES[Math.max(...Object.values(fields).map((field) => CLASSES.indexOf(field.class)), 0)] ?? 'pii';

/** Names of the fields of class `pii`, sorted, joined by commas: the annotation `pii-fields`. */
export const piiFieldsOf = (fields: Fields): string =>
  Object.keys(fields)
    .filter((name) => fields[name]?.class === 'pii')
    .sort()
    .join(',');

/** A field's schema with what the policies read: `x-millrace-class`, `x-millrace-subject`. */
const fieldSchema = (field: Field): unknown => ({
  ...JSON.parse(JSON.stringify(field.schema)),
  'x-millrace-class': field.class,
  ...(field.subject ? { 'x-millrace-subject': true } : {}),
});

/** JSON Schema (2020-12) of one event or table row. */
export function schemaDocument({ name, fields }: EventType | TableType): unknown {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: name,
    type: 'object',
    additionalProperties: false,
    required: Object.keys(fields).filter((field) => fields[field]?.nullable === false),
    properties: Object.fromEntries(Object.entries(fields).map(([field, of]) => [field, fieldSchema(of)])),
  };
}

/** Data of the ConfigMap `<usecase>-schemas` (label `millrace.dev/manifest: schemas`): `<event>.json` by event and table. */
export const schemaDocuments = ({ events, tables }: UseCase): Readonly<Record<string, string>> =>
  Object.fromEntries([...events, ...tables].map((of) => [`${of.name}.json`, JSON.stringify(schemaDocument(of))]));

/** One view as the manifest holds it. */
export interface ViewDocument {
  readonly name: string;
  readonly kind: 'windowed' | 'embedding';
  readonly owner: string;
  readonly entity: string;
  readonly joinKey: string;
  /** Field with the time that a row is as of. */
  readonly eventTime: string;
  /** Longest a value is held: the longest window; for vectors, the model's longest life. */
  readonly ttl: Duration;
  readonly hash: string;
  /** Schema of the events it is computed from, as `<event>.json` of the schemas manifest; none for what a trainer learns. */
  readonly source?: string;
  /** Fields that each feature is computed from. */
  readonly features: Readonly<Record<string, readonly string[]>>;
  /** Only embeddings: entities with fewer events get no vector. */
  readonly minSupport?: number;
  /** Why a sensitive or proxy attribute may be a feature (GDPR Art. 6 or 9), and who approved it when (RFC 3339). */
  readonly lawfulBasis?: { readonly basis: string; readonly approvedBy: string; readonly approvedAt: string };
}

/**
 * Data of the ConfigMap `<usecase>-feature-views` (label `millrace.dev/manifest: feature-views`): `<view>.json` by view.
 * `hashes` are those of `viewHash`, by view; `maxAge` is the model's longest life.
 */
export const viewDocuments = (
  { views }: UseCase,
  hashes: Readonly<Record<string, string>>,
  maxAge: Duration,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    views.map((view) => [`${view.name}.json`, JSON.stringify(viewDocument(view, hashes[view.name] ?? '', maxAge))]),
  );

function viewDocument(view: AnyView, hash: string, maxAge: Duration): ViewDocument {
  const { name, kind, owner, entity } = view;
  const head = { name, kind, owner, entity: entity.name, joinKey: entity.joinKey, hash };
  if (view.kind === 'embedding')
    return { ...head, eventTime: '_learnt_at', ttl: maxAge, features: { [view.feature]: [] }, minSupport: view.minSupport };
  const features = Object.entries(view.features).map(([feature, { expression }]) => [feature, fieldsRead(expression)] as const);
  const windows = Object.values(view.features).flatMap(({ expression }) => windowsOf(expression));
  return {
    ...head,
    eventTime: view.source.time,
    ttl: windows.reduce((longest, window) => (micros(window) > micros(longest) ? window : longest)),
    source: `${view.source.name}.json`,
    features: Object.fromEntries(features),
  };
}

const fieldsRead = (expression: Expression): readonly string[] =>
  expression.op === 'ratio'
    ? [...new Set([...fieldsRead(expression.of), ...fieldsRead(expression.to)])]
    : [
        ...new Set([
          ...(expression.field === undefined ? [] : [expression.field]),
          ...expression.where.map(({ field }) => field),
        ]),
      ];

const windowsOf = (expression: Expression): readonly Duration[] =>
  expression.op === 'ratio' ? [...windowsOf(expression.of), ...windowsOf(expression.to)] : [expression.over];

/**
 * Data key `erasure.json` of a ConfigMap with the label `millrace.dev/manifest: erasure`; a stack may hold several (the
 * platform's, each use case's). D11 finds every store of the stack by its type: KafkaTopic, StatefulSet,
 * PersistentVolumeClaim, `postgresql.cnpg.io` Cluster, and on AWS Bucket, msk Topic, ReplicationGroup, ServerlessCache, rds Instance and
 * Cluster, dynamodb Table, efs FileSystem. Each is named here once, under `stores` or `exempt`; a topic of class `pii`
 * may not be exempt.
 */
export interface ErasureDocument {
  readonly stores: readonly {
    /** Last part of the resource's type, e.g. `KafkaTopic`. */
    readonly kind: string;
    /** `metadata.name`; on AWS the Pulumi name. */
    readonly name: string;
    /** What an erasure does there. */
    readonly outcome: 'deleted' | 'unreadable' | 'excluded' | 'ages out';
  }[];
  readonly exempt: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
}
