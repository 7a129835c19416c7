import { lakeError } from '../errors.ts';

/**
 * The actions of a Delta commit (github.com/delta-io/delta, PROTOCOL.md, "Actions"): one JSON object a line, its only key
 * the action's name. Times are milliseconds since the epoch.
 */
export type Action =
  | { readonly commitInfo: CommitInfo }
  | { readonly protocol: Protocol }
  | { readonly metaData: MetaData }
  | { readonly add: AddFile }
  | { readonly remove: RemoveFile }
  | { readonly txn: Txn };

export interface CommitInfo {
  readonly timestamp: number;
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, string>>;
  readonly readVersion?: number;
  readonly isBlindAppend?: boolean;
  readonly engineInfo?: string;
}

export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[] | null;
  readonly writerFeatures?: readonly string[] | null;
}

export interface MetaData {
  readonly id: string;
  readonly name?: string | null;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  /** The columns as Spark's JSON form of a struct type. */
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly createdTime?: number | null;
}

export interface AddFile {
  /** Relative to the table, URL-encoded. */
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string>>;
  readonly size: number;
  readonly modificationTime: number;
  /** False where rows only moved (compaction): a stream of changes skips it. */
  readonly dataChange: boolean;
  /** JSON text: numRecords, minValues, maxValues, nullCount. */
  readonly stats?: string | null;
  readonly deletionVector?: unknown;
}

export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp?: number | null;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean | null;
  readonly partitionValues?: Readonly<Record<string, string>> | null;
  readonly size?: number | null;
}

export interface Txn {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number | null;
}

export const formatActions = (actions: readonly Action[]): Buffer =>
  Buffer.from(`${actions.map((action) => JSON.stringify(action)).join('\n')}\n`);

/** @throws MR_LAKE_LOG_CORRUPT naming the object and the line that is not one JSON object */
export function parseActions(body: Buffer, key: string): readonly Action[] {
  const actions: Action[] = [];
  for (const [index, line] of body.toString('utf8').split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const action: unknown = JSON.parse(line);
      if (typeof action !== 'object' || action === null) throw new SyntaxError('not an object');
      actions.push(action as Action);
    } catch (cause) {
      throw lakeError('MR_LAKE_LOG_CORRUPT', `${key} line ${index + 1} is not a commit action`, {
        field: key,
        expected: 'one JSON object a line',
        cause,
      });
    }
  }
  return actions;
}
